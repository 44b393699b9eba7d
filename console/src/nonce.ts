/** What lets a script of the page add styles, which its policy forbids to everybody else. */
export function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
}
