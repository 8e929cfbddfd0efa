import { opened } from "./opened.tsx";

/** A dialog that confirms an action. Few visits see one. */
export const ConfirmDialog = opened(() => import("./confirming.tsx").then((module) => module.default));
