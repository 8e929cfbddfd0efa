import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { t } from "../../text/text.ts";
import type { InvitationView, Role, Viewer } from "../../view/identity.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { signOut } from "../session/session-requests.ts";
import { UnconfirmedEmail } from "../session/unconfirmed-email.tsx";
import { acceptInvitation, declineInvitation, thenReload } from "./organization-requests.ts";

interface InvitationProps {
	invitation: InvitationView;
	viewer: Viewer;
	mailboxUrl: string | null;
	/** Resolves when the page shows the new state. */
	onChanged: () => Promise<void>;
}

/** An invitation in each of its states, with the viewer's next step. */
export function Invitation(props: InvitationProps) {
	const { state } = props.invitation;
	const heading = useRef<HTMLHeadingElement>(null);
	const before = useRef(state);
	useEffect(() => {
		// The pressed button unmounts with the state that it changed.
		if (before.current !== state && document.activeElement === document.body) heading.current?.focus();
		before.current = state;
	}, [state]);
	const { title, text, next } = contentOf(props);
	return (
		<div className="flex flex-col items-start gap-6">
			<div className="wrap-anywhere">
				<h1 ref={heading} tabIndex={-1} className="text-balance font-semibold text-display tracking-tight outline-none">
					{title}
				</h1>
				<p className="mt-2 text-soft">{text}</p>
			</div>
			{next}
		</div>
	);
}

interface Content {
	title: string;
	text: string;
	next: ReactNode;
}

function contentOf(props: InvitationProps): Content {
	const { invitation, viewer, mailboxUrl, onChanged } = props;
	const { id, organization, inviter, role, state } = invitation;
	const path = `/invitation/${id}`;
	const title = t("org_invites_you", { inviter, organization: organization.name });
	const terms = termsFor(role, organization.name);
	switch (state) {
		case "ready":
			return { title, text: terms, next: <Answer invitation={invitation} onChanged={onChanged} /> };
		case "member":
			return {
				title: t("org_you_are_in", { organization: organization.name }),
				text: t("org_account_says"),
				next: <IsIn />,
			};
		case "signed-out":
			return {
				title,
				text: `${terms} ${t("org_to_accept")}`,
				next: <SignUpOrIn path={path} />,
			};
		case "unconfirmed":
			return {
				title,
				text: terms,
				next: viewer.kind === "user" && <UnconfirmedEmail email={viewer.email} mailboxUrl={mailboxUrl} purpose="join" path={path} />,
			};
		case "other-account":
			return {
				title: t("org_other_address"),
				text: t("org_signed_in_as", { email: viewer.kind === "user" ? viewer.email : "" }),
				next: <SignOutHere path={path} />,
			};
		default:
			return closedContentOf(invitation, state, viewer, path);
	}
}

function termsFor(role: Role, organization: string): string {
	const terms = t("org_terms", { organization });
	if (role === "member") return terms;
	return `${terms} ${role === "owner" ? t("org_terms_owner") : t("org_terms_admin")}`;
}

type ClosedState = Extract<InvitationView["state"], "accepted" | "declined" | "cancelled" | "expired">;

/** The content of an invitation that can no longer be accepted. */
function closedContentOf({ organization, inviter }: InvitationView, state: ClosedState, viewer: Viewer, path: string): Content {
	const askAgain = t("org_ask_again", { inviter, organization: organization.name });
	const next = <ToChat />;
	switch (state) {
		case "accepted":
			return viewer.kind === "guest"
				? {
						title: t("org_accepted"),
						text: t("org_was_that_you", { inviter }),
						next: (
							<Link to="/sign-in" search={{ next: path }} className="button-next">
								{t("frame_sign_in")}
							</Link>
						),
					}
				: { title: t("org_accepted"), text: `${t("org_works_once")} ${askAgain}`, next };
		case "declined":
			return { title: t("org_declined"), text: `${t("org_nothing_changed")} ${askAgain}`, next };
		case "cancelled":
			return {
				title: t("org_taken_back"),
				text: `${t("org_maybe_replaced")} ${askAgain}`,
				next,
			};
		case "expired":
			return { title: t("org_too_old"), text: `${t("org_worked_7_days")} ${askAgain}`, next };
	}
}

function Answer({ invitation: { id }, onChanged }: Pick<InvitationProps, "invitation" | "onChanged">) {
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();

	async function answer(send: () => ReturnType<typeof declineInvitation>) {
		if (busy) return;
		setBusy(true);
		setProblem(await thenReload(send(), onChanged));
		setBusy(false);
	}

	return (
		<div className="flex flex-col gap-3">
			<div className="flex flex-wrap gap-2">
				<button
					type="button"
					className="button-next"
					disabled={!hydrated}
					aria-disabled={busy}
					onClick={() => void answer(() => acceptInvitation(id))}
				>
					{busy ? t("frame_one_moment") : t("org_accept")}
				</button>
				<button
					type="button"
					className="button-plain"
					disabled={!hydrated || busy}
					onClick={() => void answer(() => declineInvitation(id))}
				>
					{t("org_decline")}
				</button>
			</div>
			<p role="alert" className="text-warn empty:hidden">
				{problem}
			</p>
		</div>
	);
}

function SignUpOrIn({ path }: { path: string }) {
	return (
		<div className="flex flex-wrap gap-2">
			<Link to="/sign-up" search={{ next: path }} className="button-next">
				{t("frame_sign_up")}
			</Link>
			<Link to="/sign-in" search={{ next: path }} className="button-plain">
				{t("frame_sign_in")}
			</Link>
		</div>
	);
}

function ToChat() {
	return (
		<Link to="/" className="button-next">
			{t("org_go_to_chat")}
		</Link>
	);
}

function IsIn() {
	return (
		<div className="flex flex-wrap gap-2">
			<ToChat />
			<Link to="/account/organization" className="button-plain">
				{t("org_see_account")}
			</Link>
		</div>
	);
}

function SignOutHere({ path }: { path: string }) {
	const [problem, setProblem] = useState<string>();
	return (
		<div className="flex flex-col items-start gap-3">
			<button type="button" className="button-next" onClick={() => void signOut(path).then((failure) => setProblem(failure?.text))}>
				{t("side_sign_out")}
			</button>
			<p role="alert" className="text-warn empty:hidden">
				{problem}
			</p>
		</div>
	);
}
