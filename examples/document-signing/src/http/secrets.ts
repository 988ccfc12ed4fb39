/** The text with tokens in addresses, bearer tokens and passwords in connection strings replaced by `[hidden]`. */
export function withoutSecrets(text: string): string {
  return text.replace(IN_QUERY, '$1[hidden]').replace(BEARER, '$1[hidden]').replace(IN_AUTHORITY, '$1[hidden]@');
}

const IN_QUERY =
  /([?&;](?:[\w.-]*(?:token|secret|password|passwd|signature|api_?key|jwt)[\w.-]*|code|key|sig)=)[^&#\s"']*/gi;
const BEARER = /\b(bearer[ .]+)[\w.~+/=-]+/gi;
const IN_AUTHORITY = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi;
