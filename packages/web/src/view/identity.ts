// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.
import type { ProviderId } from "../sign-in-providers.ts";

import type { PlanStanding } from "./billing.ts";

/** `tag` names the viewer in the requests of their pages (lib/identity/viewer-tag.ts). Absent: the page belongs to nobody yet. */
export type Viewer =
	| { kind: "guest"; tag?: string }
	| {
			kind: "user";
			tag?: string;
			id: string;
			name: string;
			email: string;
			emailVerified: boolean;
			/** The organization that the viewer acts for. Its plan pays, if it has one. `mayBuy`: the viewer may manage that plan. */
			organization: { id: string; name: string; mayBuy: boolean } | null;
	  };

/** What the deletion of an account, or of an organization, takes, and what stands in its way. */
export interface DeletionView {
	/** The organizations whose only owner the viewer is: each is handed over or deleted before the account. */
	organizations: { id: string; name: string }[];
	/** The plans that still run, which have to be cancelled. `endsAt`: the end of what is paid. */
	plans: (Pick<PlanStanding, "name" | "state" | "price"> & { endsAt: string | null })[];
	/** Whether the plans could not be read: then nothing can be deleted. */
	isUnread: boolean;
	/** How long an account can be kept after its deletion was requested. */
	graceDays: number;
	/** When the organization is deleted, if that was requested. */
	dueAt: string | null;
}

/** An account that is being deleted. `plan`: how its plan was cancelled. */
export interface LeavingView {
	email: string;
	dueAt: string;
	plan: "none" | "now" | "period-end";
	/** Whether the time to keep it has run out. */
	isDue: boolean;
}

export type Role = "owner" | "admin" | "member";

/** The organizations that can pay for a viewer. */
export interface OrganizationsView {
	/** Every organization that the viewer is in, in the order of joining. */
	mine: { id: string; name: string }[];
	/** The id of the one that the viewer acts for; null for none. */
	payer: string | null;
	/** The one that the page shows: any of theirs. */
	shown: OrganizationView | null;
}

export interface OrganizationView {
	id: string;
	name: string;
	/** The viewer's role. */
	role: Role;
	/** The limit that the owner set for each member in a billing period; null for a fifth of the plan for plain members. */
	requestsPerMember: number | null;
	members: MemberView[];
	/** When it is deleted, ISO 8601; null while nobody has asked for that. */
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
	 * `ready`: can be accepted. `member`: the viewer is in already. `signed-out`, `other-account`, `unconfirmed`: what has to change first.
	 * In any other state nobody can accept it any more.
	 */
	state: "ready" | "member" | "signed-out" | "other-account" | "unconfirmed" | "accepted" | "declined" | "cancelled" | "expired";
}

/** A confirmation link. `open`: the address can be confirmed. `expired`: a new link can be sent. `confirmed`: it was, by this link or another. */
export type ConfirmationView = { state: "invalid" } | { state: "open" | "expired" | "confirmed"; email: string };

/** A place where the viewer is signed in. */
export interface SessionView {
	id: string;
	/** Null where the browser does not say. */
	device: { browser: string | null; system: string | null };
	/** The one that the page was asked for with. */
	isHere: boolean;
	signedInAt: string;
	/** Exact to the hour. */
	usedAt: string;
}

export interface PasskeyView {
	id: string;
	/** The browser and system that it was made with; "" where that is unknown. */
	name: string;
	addedAt: string;
	usedAt: string | null;
}

/** How the viewer's account is entered, and from where it is. */
export interface SecurityView {
	hasPassword: boolean;
	passkeys: PasskeyView[];
	/** How many recovery codes are left; null without a second factor. */
	recoveryLeft: number | null;
	/** The providers of this deployment, and which of them open the account. */
	providers: { id: ProviderId; isLinked: boolean }[];
	sessions: SessionView[];
}

/** What a link in a mail does; null for one that was used or has expired. */
export type MailLinkView = { purpose: "sign-in" | "reset"; email: string; next: string } | null;
/** The step that a link to change an address takes. */
export type EmailChangeView = { step: "present" | "new"; from: string; to: string; isHere: boolean } | null;
