import { Link } from "@tanstack/react-router";
import { Section } from "./section.tsx";

/** What is kept of a viewer, and until when: the rows of docs/retention.md that concern them, in their words. */
const KEPT: { what: string; of: string; until: string; ofGuests: boolean }[] = [
	{
		what: "Chats",
		of: "Messages, files, titles, folders and instructions, and an index for your search. Of temporary chats nothing that was said",
		until: "Until you delete the chat. You can undo that for 10 seconds, then it’s gone.",
		ofGuests: false,
	},
	{
		what: "Shared chats",
		of: "A copy of the chat as you shared it",
		until: "Until you stop sharing it or delete the chat.",
		ofGuests: false,
	},
	{
		what: "Chats",
		of: "Messages, files, titles, folders and instructions, and an index for your search. Of temporary chats nothing that was said",
		until: "Until you delete the chat, or 400 days after your last request. Sign up to keep them.",
		ofGuests: true,
	},
	{
		what: "Requests",
		of: "When they were made and what they cost, never what they said",
		until: "Each one for 90 days, then only totals.",
		ofGuests: false,
	},
	{ what: "Usage by day", of: "Requests and tokens for each model", until: "For 400 days.", ofGuests: false },
	{
		what: "Account",
		of: "Your name, your email address, your instructions, and your password in a form that can’t be read back",
		until: "As long as you have the account.",
		ofGuests: false,
	},
	{ what: "Sign-ins", of: "The address and the browser", until: "For 7 days after you last used them.", ofGuests: false },
	{ what: "Payments", of: "Your cards and invoices", until: "With the payment provider. We never see your card number.", ofGuests: false },
];

/** What is kept of the viewer, and until when. */
export function KeptSection({ isGuest }: { isGuest: boolean }) {
	return (
		<Section title="What we keep">
			<dl className="divide-y divide-line">
				{KEPT.filter(({ ofGuests }) => ofGuests === isGuest).map(({ what, of, until }) => (
					<div key={what} className="grid gap-x-8 gap-y-1 py-3 first:pt-0 sm:grid-cols-2">
						<dt>
							{what}
							<span className="block text-small text-soft">{of}</span>
						</dt>
						<dd className="text-soft">{until}</dd>
					</div>
				))}
			</dl>
			{!isGuest && (
				<Link to="/shared" className="link mt-4 inline-block">
					See your shared chats
				</Link>
			)}
		</Section>
	);
}
