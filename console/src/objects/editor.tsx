import { autocompletion, closeBrackets, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { Schema } from '../api/kinds';
import { nonce } from '../nonce';
import { pathAtEnd, schemaAt } from './paths';

const INK = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#0b7285, #66d4e0)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'light-dark(#2b6a2f, #a3d9a5)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'light-dark(#9c36b5, #e599f7)' },
  { tag: tags.comment, color: 'light-dark(#66707a, #8b98a3)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator], color: 'light-dark(#66707a, #8b98a3)' },
]);

/** A YAML editor that knows the schema of what is written. The text is its owner's. */
export default function Editor({
  text,
  onChange,
  schema,
  problems,
  readOnly = false,
  label,
}: {
  text: string;
  onChange: (text: string) => void;
  schema: Schema;
  problems: Diagnostic[];
  readOnly?: boolean;
  label: string;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef({ onChange, schema });
  latest.current = { onChange, schema };
  const locked = useRef(new Compartment());

  useEffect(() => {
    if (!host.current) return undefined;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          indentUnit.of('  '),
          yaml(),
          syntaxHighlighting(INK),
          lintGutter(),
          autocompletion({ override: [(context) => complete(context, latest.current.schema)], activateOnTyping: true }),
          keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
          locked.current.of(EditorState.readOnly.of(readOnly)),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
          EditorView.theme({
            '.cm-gutters': { background: 'transparent', border: 'none', color: 'var(--quiet)' },
            '.cm-activeLine': { background: 'light-dark(#0b728509, #ffffff08)' },
            '.cm-cursor': { borderLeftColor: 'var(--sea)' },
            '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
              background: 'light-dark(#c5f2f6, #095c6b)',
            },
            '.cm-tooltip': {
              background: 'var(--sheet)',
              border: '1px solid var(--line)',
              borderRadius: '6px',
              maxWidth: '420px',
            },
            '.cm-tooltip-autocomplete ul li[aria-selected]': {
              background: 'light-dark(#c5f2f6, #095c6b)',
              color: 'inherit',
            },
            '.cm-completionInfo': { whiteSpace: 'normal', fontSize: '12px', padding: '6px 8px' },
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
    // Made once: what changes later goes in below.
    // eslint-disable-next-line
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== text) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    }
  }, [text]);
  useEffect(() => {
    view.current?.dispatch({ effects: locked.current.reconfigure(EditorState.readOnly.of(readOnly)) });
  }, [readOnly]);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const end = editor.state.doc.length;
    const within = problems.map((one) => ({
      ...one,
      from: Math.min(one.from, end),
      to: Math.min(Math.max(one.to, one.from), end),
    }));
    editor.dispatch(setDiagnostics(editor.state, within));
  }, [problems, text]);

  return <div ref={host} />;
}

/** Fields of the object that is being written, and the values that a field may have. */
function complete(context: CompletionContext, schema: Schema): CompletionResult | null {
  const before = context.state.sliceDoc(0, context.pos);
  const { path, key, value } = pathAtEnd(before);
  if (value) {
    const words = schemaAt(schema, [...path, key]);
    const choices =
      words?.enum ?? (words?.type === 'boolean' ? ['true', 'false'] : key === 'mode' ? ['on', 'simulate', 'off'] : []);
    const typed = context.matchBefore(/[\w-]*$/);
    if (!choices.length || !typed) return null;
    return { from: typed.from, options: choices.map((label) => ({ label, type: 'enum' })) };
  }
  const typed = context.matchBefore(/[\w-]+$/);
  if (!typed && !context.explicit) return null;
  const here = schemaAt(schema, path);
  if (!here?.properties) return null;
  const required = new Set(here.required);
  return {
    from: typed?.from ?? context.pos,
    options: Object.entries(here.properties)
      .filter(([name]) => name !== 'status')
      .map(([name, one]) => ({
        label: name,
        type: 'property',
        detail: required.has(name) ? 'required' : one.type,
        info: one.description,
        boost: required.has(name) ? 1 : 0,
        apply: one.type === 'object' || one.type === 'array' ? `${name}:` : `${name}: `,
      })),
  };
}
