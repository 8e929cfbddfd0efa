import type { DeletionView } from "../../view/identity.ts";
import { fetchOrThrow } from "../requests.ts";

const path = (organizationId: string | undefined) =>
	`/api/account/deletion${organizationId === undefined ? "" : `?${new URLSearchParams({ organization: organizationId })}`}`;

/** What the deletion of the viewer's account, or of one of their organizations, would remove. Throws like `fetchOrThrow`. */
export async function readDeletion(organizationId: string | undefined): Promise<DeletionView> {
	return (await fetchOrThrow(path(organizationId))).json();
}

/**
 * Requests the deletion of the viewer's account, or of one of their organizations.
 * @param plan when a running plan is cancelled
 * @returns when it will be deleted, ISO 8601; null if it is deleted already. Throws like `fetchOrThrow`
 */
export async function requestDeletion(organizationId: string | undefined, plan: "now" | "period-end" | undefined): Promise<string | null> {
	const response = await fetchOrThrow(path(undefined), {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ organizationId, plan }),
	});
	const { dueAt }: { dueAt: string | null } = await response.json();
	return dueAt;
}

/** Cancels the scheduled deletion of the viewer's account, or of one of their organizations. Throws like `fetchOrThrow`. */
export async function keep(organizationId?: string): Promise<void> {
	await fetchOrThrow(path(organizationId), { method: "DELETE" });
}
