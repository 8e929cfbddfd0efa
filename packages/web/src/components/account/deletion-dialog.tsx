import { opened } from "../frame/opened.tsx";

/** The dialog that deletes an account or an organization. Few visits see one. */
export const DeletionDialog = opened(() => import("./deletion.tsx").then((module) => module.default));
