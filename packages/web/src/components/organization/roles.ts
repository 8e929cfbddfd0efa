import type { Role } from "../../view/identity.ts";

export const withArticle: Record<Role, string> = { owner: "an owner", admin: "an admin", member: "a member" };

/** Whether someone of a role may change another one's, or remove them: an owner is up to owners. */
export const mayDo = (role: Role, about: Role): boolean => role === "owner" || (role === "admin" && about !== "owner");

/** The roles that someone may give, the least first. */
export const rolesToGive = (giver: Role): Role[] => (giver === "owner" ? ["member", "admin", "owner"] : ["member", "admin"]);
