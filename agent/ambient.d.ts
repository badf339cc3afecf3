/** Types that Bun's own lack: sockets made from a descriptor, and assets embedded as files. */

declare module "bun" {
  function connect<Data = undefined>(options: FdSocketOptions<Data>): Promise<Socket<Data>>;
}

declare module "*.wasm" {
  /** Path of the file, inside the executable when compiled. */
  const path: string;
  export = path;
}

/** Files that `install` writes, embedded as text. */
declare module "*.service" {
  const text: string;
  export = text;
}
declare module "*.sh" {
  const text: string;
  export = text;
}
declare module "*.init" {
  const text: string;
  export = text;
}
