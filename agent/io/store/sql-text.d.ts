/** `.sql` files are imported as text and embedded in the compiled file. */
declare module "*.sql" {
  const text: string;
  export = text;
}
