/** A curl command as people copy it from a terminal or a browser, as the request that it sends. */

export interface Asked {
  method: string;
  /** Path with the query string. */
  path: string;
  host: string;
  /** As in the URL, or the scheme's own. */
  port: string;
  headers: [string, string][];
}

/** Words as a POSIX shell splits them; ``$'…'`` as browsers copy it. */
export function split(command: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let i = 0;
  const text = command.replace(/\\\r?\n/g, ' ').replace(/\^\r?\n/g, ' ');
  const put = (piece: string) => {
    word = (word ?? '') + piece;
  };
  while (i < text.length) {
    const letter = text[i]!;
    if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      i++;
    } else if (letter === "'" || (letter === '$' && text[i + 1] === "'")) {
      const ansi = letter === '$';
      i += ansi ? 2 : 1;
      put('');
      while (i < text.length && text[i] !== "'") {
        if (ansi && text[i] === '\\') {
          const next = text[++i] ?? '';
          put({ n: '\n', t: '\t', r: '\r' }[next] ?? next);
        } else put(text[i]!);
        i++;
      }
      if (i >= text.length) throw new Error("a quote ' is not closed");
      i++;
    } else if (letter === '"') {
      i++;
      put('');
      while (i < text.length && text[i] !== '"') {
        if (text[i] === '\\' && '"\\$`'.includes(text[i + 1] ?? '')) i++;
        put(text[i]!);
        i++;
      }
      if (i >= text.length) throw new Error('a quote " is not closed');
      i++;
    } else if (letter === '\\') {
      put(text[i + 1] ?? '');
      i += 2;
    } else if (letter === ';' || letter === '|' || letter === '&') break;
    else {
      put(letter);
      i++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

const WITH_VALUE = new Set(
  '-o --output -u --user -m --max-time --connect-timeout -w --write-out --cacert --cert --key --resolve -x --proxy -F --form -T --upload-file -c --cookie-jar --retry -r --range -K --config --interface --limit-rate'.split(
    ' ',
  ),
);
const DATA = new Set('-d --data --data-raw --data-binary --data-ascii --data-urlencode --json'.split(' '));

/** Read a command; raises Error with what cannot be read. */
export function readCurl(command: string): Asked {
  const words = split(command.trim());
  if (words[0] === '$') words.shift();
  if (!/(^|\/)curl(\.exe)?$/.test(words[0] ?? '')) throw new Error('a command begins with curl');
  let method = '';
  let url = '';
  let inQuery = false;
  const data: string[] = [];
  const headers: [string, string][] = [];
  const header = (text: string) => {
    const at = text.indexOf(':');
    if (at > 0) headers.push([text.slice(0, at).trim(), text.slice(at + 1).trim()]);
  };
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    const stuck = /^(-[XHdbAeu])(.+)$/.exec(word);
    const long = /^(--[\w-]+)=(.*)$/s.exec(word);
    const name = long?.[1] ?? stuck?.[1] ?? word;
    const value = () => long?.[2] ?? stuck?.[2] ?? words[++i] ?? '';
    if (name === '-X' || name === '--request') method = value();
    else if (name === '-H' || name === '--header') header(value());
    else if (name === '-b' || name === '--cookie') headers.push(['cookie', value()]);
    else if (name === '-A' || name === '--user-agent') headers.push(['user-agent', value()]);
    else if (name === '-e' || name === '--referer') headers.push(['referer', value()]);
    else if (name === '--url') url = value();
    else if (name === '-I' || name === '--head') method = method || 'HEAD';
    else if (name === '-G' || name === '--get') inQuery = true;
    else if (DATA.has(name)) data.push(value());
    else if (WITH_VALUE.has(name)) value();
    else if (!word.startsWith('-')) url = url || word;
  }
  if (!url) throw new Error('the command has no URL');
  const found = new URL(/^[a-z][\w+.-]*:\/\//i.test(url) ? url : `http://${url}`);
  let path = found.pathname + found.search;
  if (inQuery && data.length) path += (found.search ? '&' : '?') + data.join('&');
  const port = found.port || (found.protocol === 'https:' ? '443' : '80');
  return { method: method || (data.length && !inQuery ? 'POST' : 'GET'), path, host: found.hostname, port, headers };
}
