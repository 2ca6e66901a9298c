/**
 * What `EchoServer` starts: answers each chunk of a connection with one of the size of a receipt.
 * `node echo-process.ts SOCKET direct|thread`; with `thread` each chunk goes through a worker thread and back.
 */
import { createServer } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** The frame of a receipt of one event. */
const ANSWER = Buffer.alloc(109);

if (isMainThread) serve(process.argv[2] ?? '', process.argv[3] === 'thread' ? startWorker() : undefined);
else parentPort?.on('message', ({ key }: { key: number }) => parentPort?.postMessage({ key, answer: ANSWER }));

type Post = (chunk: Buffer, onAnswer: (answer: Uint8Array) => void) => void;

function serve(path: string, post: Post | undefined): void {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      if (post === undefined) socket.write(ANSWER);
      else post(chunk, (answer) => socket.write(answer));
    });
  });
  server.listen(path, () => process.stdout.write('ready\n'));
}

function startWorker(): Post {
  const worker = new Worker(new URL(import.meta.url));
  const waiting = new Map<number, (answer: Uint8Array) => void>();
  let nextKey = 1;
  worker.on('message', ({ key, answer }: { key: number; answer: Uint8Array }) => {
    waiting.get(key)?.(answer);
    waiting.delete(key);
  });
  return (chunk, onAnswer) => {
    const key = nextKey;
    nextKey += 1;
    waiting.set(key, onAnswer);
    const body = new Uint8Array(chunk);
    worker.postMessage({ key, body }, [body.buffer]);
  };
}
