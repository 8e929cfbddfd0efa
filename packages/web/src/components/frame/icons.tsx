import type { ReactNode } from "react";

/** A 20 px icon. Screen readers skip it: the button around it carries the name. */
function icon(paths: ReactNode) {
	return function Icon() {
		return (
			<svg
				aria-hidden="true"
				width="20"
				height="20"
				viewBox="0 0 20 20"
				fill="none"
				stroke="currentColor"
				strokeWidth="1.5"
				strokeLinecap="round"
				strokeLinejoin="round"
				className="shrink-0"
			>
				{paths}
			</svg>
		);
	};
}

export const SendIcon = icon(<path d="M10 16V4M5 9l5-5 5 5" />);
/** A line below others: it comes after them. */
export const QueueIcon = icon(<path d="M4 5h12M4 10h6M13.5 9v7M10 12.5h7" />);
export const EditIcon = icon(<path d="m4.5 15.5.6-3L13 4.6l2.4 2.4-7.9 7.9zM11.3 6.3l2.4 2.4" />);
export const SearchIcon = icon(
	<>
		<circle cx="9" cy="9" r="5" />
		<path d="m12.8 12.8 3.7 3.7" />
	</>,
);
export const AttachIcon = icon(
	<path d="m15.5 9.5-5.8 5.8a3.6 3.6 0 0 1-5.1-5.1l6.3-6.3a2.4 2.4 0 0 1 3.4 3.4l-6.2 6.2a1.2 1.2 0 0 1-1.7-1.7l5.4-5.4" />,
);
export const FileIcon = icon(<path d="M5.5 3h6L15 6.5V17h-9.5zM11.5 3v3.5H15M8 10.5h4.5M8 13.5h4.5" />);
export const StopIcon = icon(<rect x="5.5" y="5.5" width="9" height="9" rx="1.5" fill="currentColor" />);
export const NewChatIcon = icon(<path d="M10 4v12M4 10h12" />);
export const SideIcon = icon(<path d="M3.5 4.5h13v11h-13zM8 4.5v11" />);
export const CloseIcon = icon(<path d="m5 5 10 10M15 5 5 15" />);
export const DeleteIcon = icon(<path d="M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6" />);
export const MoreIcon = icon(
	<g fill="currentColor" stroke="none">
		<circle cx="4.5" cy="10" r="1.5" />
		<circle cx="10" cy="10" r="1.5" />
		<circle cx="15.5" cy="10" r="1.5" />
	</g>,
);
export const PinIcon = icon(<path d="M7 3.5h6M8 3.5v5l-2.5 3h9L12 8.5v-5M10 11.5v5" />);
export const ArchiveIcon = icon(<path d="M3.5 4h13v3.5h-13zM4.5 7.5V16h11V7.5M8 10.5h4" />);
export const FolderIcon = icon(<path d="M3 5h5l1.5 2H17v9H3z" />);
export const InstructionsIcon = icon(<path d="M3.5 6h6M14 6h2.5M3.5 14h2.5M10.5 14h6M12 4v4M8 12v4" />);
export const DownIcon = icon(<path d="M10 4v12M5 11l5 5 5-5" />);
export const WebIcon = icon(
	<>
		<circle cx="10" cy="10" r="6.5" />
		<path d="M3.5 10h13M10 3.5c3.5 4 3.5 9 0 13M10 3.5c-3.5 4-3.5 9 0 13" />
	</>,
);
export const ShareIcon = icon(<path d="M10 12.5V3.5M6.5 6.5l3.5-3 3.5 3M5 9.5v7h10v-7" />);
export const PreviousIcon = icon(<path d="m12 6-4 4 4 4" />);
export const NextIcon = icon(<path d="m8 6 4 4-4 4" />);
export const BranchIcon = icon(
	<>
		<circle cx="6" cy="4.5" r="1.75" />
		<circle cx="6" cy="15.5" r="1.75" />
		<circle cx="14" cy="6.5" r="1.75" />
		<path d="M6 6.25v7.5M14 8.25c0 3-3.5 3-8 3.25" />
	</>,
);
