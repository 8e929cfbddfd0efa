import { useState } from "react";
import type { OrganizationView } from "../../view/identity.ts";
import { ConfirmDialog } from "../frame/confirm-dialog.tsx";
import { leave } from "./organization-requests.ts";

interface LeaveProps {
	organization: OrganizationView;
	onLeft: () => Promise<void>;
}

/** A button that leaves the organization after a confirmation. The only owner cannot leave. */
export function Leave({ organization: { id, name, role, members }, onLeft }: LeaveProps) {
	const [confirming, setConfirming] = useState(false);
	if (role === "owner" && members.filter((member) => member.role === "owner").length === 1) {
		return <p className="text-small text-soft">You’re the only owner. To leave, make someone else an owner first.</p>;
	}

	async function confirm() {
		const refusal = await leave(id);
		if (!refusal) await onLeft();
		return refusal?.text;
	}

	return (
		<div className="-ml-2">
			<button type="button" className="button-bare text-left wrap-anywhere" onClick={() => setConfirming(true)}>
				Leave {name}
			</button>
			{confirming && (
				<ConfirmDialog
					title={`Leave ${name}?`}
					text="You’ll use your own requests. Your chats stay yours. To come back, you need a new invitation."
					action="Leave"
					onConfirm={confirm}
					onClose={() => setConfirming(false)}
				/>
			)}
		</div>
	);
}
