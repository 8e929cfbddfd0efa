import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { InvitationView, Viewer } from "../../view/identity.ts";
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
	const title = `${inviter} invites you to ${organization.name}`;
	const terms = `What you ask is then paid by the plan of ${organization.name}, and your chats stay your own.${
		role === "member" ? "" : ` As an ${role} you also decide on the plan and on who is in.`
	}`;
	switch (state) {
		case "ready":
			return { title, text: terms, next: <Answer invitation={invitation} onChanged={onChanged} /> };
		case "member":
			return {
				title: `You are in ${organization.name}`,
				text: "Your account says who pays for what you ask, and lets you change it.",
				next: <IsIn />,
			};
		case "signed-out":
			return {
				title,
				text: `${terms} To accept, sign up or sign in with the address that the invitation was sent to.`,
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
				title: "This invitation is for another address",
				text: `You are signed in as ${viewer.kind === "user" ? viewer.email : "someone else"}. Sign out, and sign in with the address that it was sent to.`,
				next: <SignOutHere path={path} />,
			};
		default:
			return closedContentOf(invitation, state, viewer, path);
	}
}

type ClosedState = Extract<InvitationView["state"], "accepted" | "declined" | "cancelled" | "expired">;

/** For an invitation that nobody can accept any more. */
function closedContentOf({ organization, inviter }: InvitationView, state: ClosedState, viewer: Viewer, path: string): Content {
	const askAgain = `Ask ${inviter} for a new one if you still want to join ${organization.name}.`;
	const next = <ToChat />;
	switch (state) {
		case "accepted":
			return viewer.kind === "guest"
				? {
						title: "This invitation has been accepted",
						text: `If that was you, sign in. If not, ask ${inviter} about it.`,
						next: (
							<Link to="/sign-in" search={{ next: path }} className="button-next">
								Sign in
							</Link>
						),
					}
				: { title: "This invitation has been accepted", text: `It works once. ${askAgain}`, next };
		case "declined":
			return { title: "This invitation was declined", text: `Nothing has changed. ${askAgain}`, next };
		case "cancelled":
			return {
				title: "This invitation was taken back",
				text: `It may have been replaced by a newer one: look into your mailbox. ${askAgain}`,
				next,
			};
		case "expired":
			return { title: "This invitation is too old", text: `Its link worked for 7 days. ${askAgain}`, next };
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
					{busy ? "One moment" : "Accept"}
				</button>
				<button
					type="button"
					className="button-plain"
					disabled={!hydrated || busy}
					onClick={() => void answer(() => declineInvitation(id))}
				>
					Decline
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
				Sign up
			</Link>
			<Link to="/sign-in" search={{ next: path }} className="button-plain">
				Sign in
			</Link>
		</div>
	);
}

function ToChat() {
	return (
		<Link to="/" className="button-next">
			Go to the chat
		</Link>
	);
}

function IsIn() {
	return (
		<div className="flex flex-wrap gap-2">
			<ToChat />
			<Link to="/account/organization" className="button-plain">
				See your account
			</Link>
		</div>
	);
}

function SignOutHere({ path }: { path: string }) {
	const [problem, setProblem] = useState<string>();
	return (
		<div className="flex flex-col items-start gap-3">
			<button type="button" className="button-next" onClick={() => void signOut(path).then((failure) => setProblem(failure?.text))}>
				Sign out
			</button>
			<p role="alert" className="text-warn empty:hidden">
				{problem}
			</p>
		</div>
	);
}
