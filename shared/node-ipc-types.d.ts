/** The few members of node-ipc 14.0.0 that Daybook uses. The package ships no types. */
declare module 'node-ipc' {
  import type { Socket } from 'node:net';

  interface Config {
    appspace: string;
    socketRoot: string;
    parser: 'raw';
    silent: boolean;
    unlink: boolean;
    maxConnections: number;
    stopRetrying: boolean;
    maxRetries: number;
    secureSocketRoot: boolean;
  }

  interface Server {
    on(event: 'start', handler: () => void): void;
    on(event: 'error', handler: (error: Error) => void): void;
    on(event: 'connect', handler: (socket: Socket) => void): void;
    on(event: 'data', handler: (chunk: Buffer, socket: Socket) => void): void;
    on(event: 'close', handler: (socket: Socket) => void): void;
    start(): void;
    /** The listening server underneath. */
    server: import('node:net').Server;
  }

  interface Client {
    on(event: 'connect' | 'disconnect', handler: () => void): void;
    on(event: 'error', handler: (error: Error) => void): void;
    on(event: 'data', handler: (chunk: Buffer) => void): void;
    socket: Socket;
  }

  export class IPCModule {
    config: Config;
    server: Server;
    of: { [id: string]: Client | undefined };
    serve(path: string): void;
    connectTo(id: string, path: string, callback: () => void): void;
    disconnect(id: string): void;
  }
}
