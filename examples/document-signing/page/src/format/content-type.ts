const NAMES: Readonly<Record<string, string>> = {
  'application/json': 'JSON',
  'application/octet-stream': 'Binary',
  'application/pdf': 'PDF',
  'image/gif': 'GIF image',
  'image/jpeg': 'JPEG image',
  'image/png': 'PNG image',
  'image/svg+xml': 'SVG image',
  'text/csv': 'CSV',
  'text/html': 'HTML',
  'text/markdown': 'Markdown',
  'text/plain': 'Text',
};

const bareOf = (contentType: string) => contentType.split(';')[0] ?? '';

/** A content type as people call it; with its parameters, where one of `others` is called the same: `Text (text/plain; charset=utf-8)`. */
export function contentTypeName(contentType: string, others: readonly string[] = []): string {
  const bare = bareOf(contentType);
  const name = NAMES[bare] ?? contentType;
  const ambiguous = bare !== contentType && others.some((other) => other !== contentType && bareOf(other) === bare);
  return ambiguous && name !== contentType ? `${name} (${contentType})` : name;
}
