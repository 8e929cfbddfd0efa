import { opened } from "./opened.tsx";

/** A dialog that confirms an action. Loaded on demand, because it is rarely used. */
export const ConfirmDialog = opened(() => import("./confirming.tsx").then((module) => module.default));
