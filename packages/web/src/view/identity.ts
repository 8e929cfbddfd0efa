// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.
import type { ProviderId } from "../sign-in-providers.ts";

import type { PlanStanding } from "./billing.ts";

/** `tag` identifies the viewer in their pages' requests (lib/identity/viewer-tag.ts). Absent: the page has no viewer yet. */
export type Viewer =
	| { kind: "guest"; tag?: string }
	| {
			kind: "user";
			tag?: string;
			id: string;
			name: string;
			email: string;
			emailVerified: boolean;
			/** The organization the viewer acts for. Its plan pays, if it has one. `mayBuy`: the viewer may manage that plan. */
			organization: { id: string; name: string; mayBuy: boolean } | null;
	  };

/** What deleting an account or organization would remove, and what prevents it. */
export interface DeletionView {
	/** The organizations that have the viewer as their only owner. Each must be handed over or deleted before the account. */
	organizations: { id: string; name: string }[];
	/** The running plans, which must be cancelled. `endsAt`: the end of the paid period. */
	plans: (Pick<PlanStanding, "name" | "state" | "price"> & { endsAt: string | null })[];
	/** Whether the plans could not be read, in which case nothing can be deleted. */
	isUnread: boolean;
	/** Days during which an account can be kept after its deletion was requested. */
	graceDays: number;
	/** When the organization is deleted, if that was requested. */
	dueAt: string | null;
}

/** An account that is being deleted. `plan`: how its plan was cancelled. */
export interface LeavingView {
	email: string;
	dueAt: string;
	plan: "none" | "now" | "period-end";
	/** Whether the time to keep it is over. */
	isDue: boolean;
}

export type Role = "owner" | "admin" | "member";

/** The organizations that can pay for a viewer. */
export interface OrganizationsView {
	/** Every organization the viewer belongs to, in the order of joining. */
	mine: { id: string; name: string }[];
	/** The id of the one the viewer acts for; null for none. */
	payer: string | null;
	/** The one shown on the page: any of the viewer's. */
	shown: OrganizationView | null;
}

export interface OrganizationView {
	id: string;
	name: string;
	/** The viewer's role. */
	role: Role;
	/** The owner's limit per member and billing period; null means a fifth of the plan for plain members. */
	requestsPerMember: number | null;
	members: MemberView[];
	/** When it is deleted, ISO 8601; null if no deletion is pending. */
	deletesAt: string | null;
	/** Open invitations. Empty unless the viewer is an owner or admin. */
	invitations: { id: string; email: string; role: Role; expiresAt: string }[];
}

export interface MemberView {
	id: string;
	name: string;
	email: string;
	role: Role;
	isYou: boolean;
}

/** An invitation from the viewer's point of view. */
export interface InvitationView {
	id: string;
	organization: { id: string; name: string };
	inviter: string;
	role: Role;
	/**
	 * `ready`: can be accepted. `member`: the viewer is a member already. `signed-out`, `other-account`, `unconfirmed`: what has to change first.
	 * In any other state it can no longer be accepted.
	 */
	state: "ready" | "member" | "signed-out" | "other-account" | "unconfirmed" | "accepted" | "declined" | "cancelled" | "expired";
}

/** A confirmation link. `open`: can confirm the address. `expired`: a new link can be sent. `confirmed`: already done, by this link or another. */
export type ConfirmationView = { state: "invalid" } | { state: "open" | "expired" | "confirmed"; email: string };

/** A place where the viewer is signed in. */
export interface SessionView {
	id: string;
	/** Null if the browser does not say. */
	device: { browser: string | null; system: string | null };
	/** The session that requested the page. */
	isHere: boolean;
	signedInAt: string;
	/** Exact to the hour. */
	usedAt: string;
}

export interface PasskeyView {
	id: string;
	/** The browser and system it was created with; "" if unknown. */
	name: string;
	addedAt: string;
	usedAt: string | null;
}

/** The viewer's sign-in methods and sessions. */
export interface SecurityView {
	hasPassword: boolean;
	passkeys: PasskeyView[];
	/** Remaining recovery codes; null without a second factor. */
	recoveryLeft: number | null;
	/** This deployment's providers, and whether each is linked to the account. */
	providers: { id: ProviderId; isLinked: boolean }[];
	sessions: SessionView[];
}

/** A mail link's purpose; null if it is used or expired. */
export type MailLinkView = { purpose: "sign-in" | "reset"; email: string; next: string } | null;
/** The step that an email change link performs. */
export type EmailChangeView = { step: "present" | "new"; from: string; to: string; isHere: boolean } | null;
