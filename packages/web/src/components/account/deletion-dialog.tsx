import { opened } from "../frame/opened.tsx";

/** The dialog that deletes an account or an organization. Loaded on demand, because it is rarely used. */
export const DeletionDialog = opened(() => import("./deletion.tsx").then((module) => module.default));
