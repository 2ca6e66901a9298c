/** Told what takes long before a database is open, and how much of it is done, 0 to 1, where that is known. */
export type OnStep = (doing: string, share?: number) => void;
