/**
 * `${env:NAME}` inside text: the value of an environment variable. `$${env:NAME}` stands for the
 * text itself. Nothing else is special, so a lone dollar sign needs no escape.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

export type Substitution =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed"; readonly message: string };

const REFERENCE = /(\$?)\$\{env:([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function mentionsEnvironment(text: string): boolean {
  return text.includes("${env:");
}

export function substitute(text: string, environment: Environment): Substitution {
  const faults: string[] = [];
  const result = text.replace(REFERENCE, (whole, escaped: string, name: string, end: string) => {
    if (escaped !== "") return whole.slice(1);
    const fault = faultOf(name, end, environment);
    if (fault !== null) faults.push(fault);
    return environment[name] ?? "";
  });
  const [first] = faults;
  return first === undefined ? { kind: "text", text: result } : { kind: "failed", message: first };
}

function faultOf(name: string, end: string, environment: Environment): string | null {
  if (end === "") return `close the reference: want \${env:NAME}`;
  if (!NAME.test(name)) {
    return `cannot use the variable name ${JSON.stringify(name)}: want letters, digits and _`;
  }
  return environment[name] === undefined ? `set the environment variable ${name}: not set` : null;
}
