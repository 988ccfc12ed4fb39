/** The product's sign: a signature. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M6 21c5-11 9-13 10-10s-6 10-3 10 5-7 7-7-2 6 0 6 3-2 6-3" />
    </svg>
  );
}
