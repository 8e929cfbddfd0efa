import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { InvitationView, Viewer } from "../../view/identity.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { signOut } from "../session/session-requests.ts";
import { UnconfirmedEmail } from "../session/unconfirmed-email.tsx";
import { acceptInvitation, andShow, declineInvitation } from "./organization-requests.ts";

interface InvitationProps {
	invitation: InvitationView;
	viewer: Viewer;
	mailboxUrl: string | null;
	/** Resolves when the page shows what became of it. */
	onChanged: () => Promise<void>;
}

/** Who invites to what, and the next step for whoever has opened the link. */
export function Invitation({ invitation, viewer, mailboxUrl, onChanged }: InvitationProps) {
	const { id, organization, inviter, role, state } = invitation;
	const path = `/invitation/${id}`;
	const heading = useRef<HTMLHeadingElement>(null);
	const before = useRef(state);
	useEffect(() => {
		// The buttons went away with what they did.
		if (before.current !== state && document.activeElement === document.body) heading.current?.focus();
		before.current = state;
	}, [state]);

	const say = (title: string, text: ReactNode, next?: ReactNode) => (
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
	const invited = `${inviter} invites you to ${organization.name}`;
	const comesWith = `What you ask is then paid by the plan of ${organization.name}, and your chats stay your own.${
		role === "member" ? "" : ` As an ${role} you also decide on the plan and on who is in.`
	}`;
	const askAgain = `Ask ${inviter} for a new one if you still want to join ${organization.name}.`;

	switch (state) {
		case "ready":
			return say(invited, comesWith, <Answer invitation={invitation} onChanged={onChanged} />);
		case "member":
			return say(`You are in ${organization.name}`, "Your account says who pays for what you ask, and lets you change it.", <IsIn />);
		case "signed-out":
			return say(
				invited,
				`${comesWith} To accept, sign up or sign in with the address that the invitation was sent to.`,
				<div className="flex flex-wrap gap-2">
					<Link to="/sign-up" search={{ next: path }} className="button-next">
						Sign up
					</Link>
					<Link to="/sign-in" search={{ next: path }} className="button-plain">
						Sign in
					</Link>
				</div>,
			);
		case "unconfirmed":
			return say(
				invited,
				comesWith,
				viewer.kind === "user" && <UnconfirmedEmail email={viewer.email} mailboxUrl={mailboxUrl} purpose="join" path={path} />,
			);
		case "other-account":
			return say(
				"This invitation is for another address",
				`You are signed in as ${viewer.kind === "user" ? viewer.email : "someone else"}. Sign out, and sign in with the address that it was sent to.`,
				<SignOutHere path={path} />,
			);
		case "accepted":
			return say(
				"This invitation has been accepted",
				viewer.kind === "guest" ? `If that was you, sign in. If not, ask ${inviter} about it.` : `It works once. ${askAgain}`,
				viewer.kind === "guest" ? (
					<Link to="/sign-in" search={{ next: path }} className="button-next">
						Sign in
					</Link>
				) : (
					<ToChat />
				),
			);
		case "declined":
			return say("This invitation was declined", `Nothing has changed. ${askAgain}`, <ToChat />);
		case "cancelled":
			return say(
				"This invitation was taken back",
				`It may have been replaced by a newer one: look into your mailbox. ${askAgain}`,
				<ToChat />,
			);
		case "expired":
			return say("This invitation is too old", `Its link worked for 7 days. ${askAgain}`, <ToChat />);
	}
}

function Answer({ invitation: { id, organization }, onChanged }: Pick<InvitationProps, "invitation" | "onChanged">) {
	const hydrated = useHydrated();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();

	async function answer(send: () => ReturnType<typeof declineInvitation>) {
		if (busy) return;
		setBusy(true);
		setProblem(await andShow(send(), onChanged));
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
					onClick={() => void answer(() => acceptInvitation(id, organization.id))}
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
			<Link to="/account" className="button-plain">
				See your account
			</Link>
		</div>
	);
}

function SignOutHere({ path }: { path: string }) {
	const [problem, setProblem] = useState<string>();
	return (
		<div className="flex flex-col items-start gap-3">
			<button type="button" className="button-next" onClick={() => void signOut(path).then((told) => setProblem(told?.text))}>
				Sign out
			</button>
			<p role="alert" className="text-warn empty:hidden">
				{problem}
			</p>
		</div>
	);
}
