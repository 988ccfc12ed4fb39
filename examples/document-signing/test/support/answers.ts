/** Sends JSON, and gives the status, the headers and the parsed body. */
export async function call(url: string, method: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : parse(text), text };
}

// biome-ignore lint/suspicious/noExplicitAny: tests read answers freely
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the test reads `text`.
    return undefined;
  }
}
