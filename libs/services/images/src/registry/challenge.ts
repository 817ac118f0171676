/** What a registry asks for in `WWW-Authenticate` (RFC 9110, section 11; distribution token spec). */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

/** The strongest challenge that crihub can answer: bearer before basic. */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges = [
    ...header.matchAll(/(?:^|,\s*)(Basic|Bearer)\b((?:\s*,?\s*[\w-]+=(?:"(?:[^"\\]|\\.)*"|[^",\s]+))*)/gi),
  ];
  for (const [, scheme, parameters = ''] of challenges) {
    if (scheme?.toLowerCase() !== 'bearer') continue;
    const values = parseParameters(parameters);
    const realm = values.get('realm');
    if (realm !== undefined) {
      return { scheme: 'bearer', realm, service: values.get('service'), scope: values.get('scope') };
    }
  }
  return challenges.some(([, scheme]) => scheme?.toLowerCase() === 'basic') ? { scheme: 'basic' } : undefined;
}

function parseParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare] of text.matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))/g)) {
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
  }
  return parameters;
}
