import { t } from "../../text/text.ts";
import type { Role } from "../../view/identity.ts";

/** A role's display name. */
export function roleName(role: Role): string {
	if (role === "owner") return t("role_owner");
	return role === "admin" ? t("role_admin") : t("role_member");
}

/** The message after a member got a role. */
export function isNow(name: string, role: Role): string {
	if (role === "owner") return t("org_is_owner_now", { name });
	return role === "admin" ? t("org_is_admin_now", { name }) : t("org_is_member_now", { name });
}

/** Whether a member with `role` may change the role of one with `target`, or remove them. Only owners may manage owners. */
export const mayManage = (role: Role, target: Role): boolean => role === "owner" || (role === "admin" && target !== "owner");

/** The roles that a member may assign, the least powerful first. */
export const rolesToGive = (giver: Role): Role[] => (giver === "owner" ? ["member", "admin", "owner"] : ["member", "admin"]);
