/** RFC 4180: values as records of text. Nothing is empty text, as in JSON nothing is null. */

/** With a header line of the first record's names; "" without records. */
export function csvOf(records: readonly object[]): string {
  const [first] = records;
  if (first === undefined) return "";
  const names = Object.keys(first);
  const lines = records.map((record) => {
    const values = new Map<string, unknown>(Object.entries(record));
    return names.map((name) => cell(values.get(name))).join(",");
  });
  return [names.join(","), ...lines].map((line) => `${line}\r\n`).join("");
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = Array.isArray(value) ? value.join("+") : String(value);
  // A text that begins like a formula is one to a spreadsheet.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
