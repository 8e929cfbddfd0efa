// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

export type Viewer =
	| { kind: "guest" }
	| {
			kind: "user";
			id: string;
			name: string;
			email: string;
			emailVerified: boolean;
			/** The organization that the reader acts for; its plan pays, if it has one. `mayBuy`: they decide on that plan. */
			organization: { id: string; name: string; mayBuy: boolean } | null;
	  };

export type Role = "owner" | "admin" | "member";

/** Who may pay for a reader. */
export interface OrganizationsView {
	/** Those that the reader is in, the first joined first. */
	mine: { id: string; name: string }[];
	/** The one that they act for. */
	active: OrganizationView | null;
}

export interface OrganizationView {
	id: string;
	name: string;
	/** The reader's own. */
	role: Role;
	/** What each member may ask in a billing period; null for no limit but the plan's. */
	requestsPerMember: number | null;
	members: MemberView[];
	/** Those that can still be accepted; for owners and admins. */
	invitations: { id: string; email: string; role: Role; expiresAt: string }[];
}

export interface MemberView {
	id: string;
	name: string;
	email: string;
	role: Role;
	isYou: boolean;
}

/** An invitation, as it stands with whoever looks at it. */
export interface InvitationView {
	id: string;
	organization: { id: string; name: string };
	inviter: string;
	role: Role;
	/**
	 * `ready` can be accepted, `member` is in already. What the reader has to do before: `signed-out`, `other-account`, `unconfirmed`. The rest
	 * can no longer be accepted by anyone.
	 */
	state: "ready" | "member" | "signed-out" | "other-account" | "unconfirmed" | "accepted" | "declined" | "cancelled" | "expired";
}
