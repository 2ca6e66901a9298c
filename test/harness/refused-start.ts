import { type DaemonOptions, DaemonProcess, type Ended } from './daemon-process.ts';

/** The end of a daemon that should not start. One that starts after all is ended, and shows it on stdout. */
export function refusedStart(options: DaemonOptions): Promise<Ended> {
  const daemon = DaemonProcess.launch(options);
  daemon.process.stdout?.once('data', () => daemon.process.kill('SIGTERM'));
  return daemon.ended;
}
