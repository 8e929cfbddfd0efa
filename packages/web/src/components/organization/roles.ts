import type { Role } from "../../view/identity.ts";

/** Each role with its article, for sentences. */
export const withArticle: Record<Role, string> = { owner: "an owner", admin: "an admin", member: "a member" };

/** Whether a member with `role` may change the role of one with `target`, or remove them. Only owners may manage owners. */
export const mayManage = (role: Role, target: Role): boolean => role === "owner" || (role === "admin" && target !== "owner");

/** The roles that a member may assign, the least powerful first. */
export const rolesToGive = (giver: Role): Role[] => (giver === "owner" ? ["member", "admin", "owner"] : ["member", "admin"]);
