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

/** A content type as people call it. */
export const contentTypeName = (contentType: string): string => NAMES[contentType.split(';')[0] ?? ''] ?? contentType;
