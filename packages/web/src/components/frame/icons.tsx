import {
	Archive,
	ArrowDown,
	ArrowUp,
	ChevronLeft,
	ChevronRight,
	Ellipsis,
	FileText,
	Folder,
	GitBranch,
	Globe,
	type IconNode,
	ListPlus,
	PanelLeft,
	Paperclip,
	Pencil,
	Pin,
	Plus,
	Search,
	Share,
	SlidersHorizontal,
	Square,
	Trash2,
	X,
} from "lucide";
import { createElement } from "react";

/** A 20 px Lucide icon. Hidden from screen readers, because the button around it has the name. */
function icon(shapes: IconNode, fill = "none") {
	return function Icon() {
		return (
			<svg
				aria-hidden="true"
				width="20"
				height="20"
				viewBox="0 0 24 24"
				fill={fill}
				stroke="currentColor"
				strokeWidth="1.75"
				strokeLinecap="round"
				strokeLinejoin="round"
				className="shrink-0"
			>
				{shapes.map(([shape, attributes]) => createElement(shape, { key: JSON.stringify(attributes), ...attributes }))}
			</svg>
		);
	};
}

export const SendIcon = icon(ArrowUp);
/** A line below others: queued after them. */
export const QueueIcon = icon(ListPlus);
export const EditIcon = icon(Pencil);
export const SearchIcon = icon(Search);
export const AttachIcon = icon(Paperclip);
export const FileIcon = icon(FileText);
export const StopIcon = icon(Square, "currentColor");
export const NewChatIcon = icon(Plus);
export const SideIcon = icon(PanelLeft);
export const CloseIcon = icon(X);
export const DeleteIcon = icon(Trash2);
export const MoreIcon = icon(Ellipsis);
export const PinIcon = icon(Pin);
export const ArchiveIcon = icon(Archive);
export const FolderIcon = icon(Folder);
export const InstructionsIcon = icon(SlidersHorizontal);
export const DownIcon = icon(ArrowDown);
export const WebIcon = icon(Globe);
export const ShareIcon = icon(Share);
export const PreviousIcon = icon(ChevronLeft);
export const NextIcon = icon(ChevronRight);
export const BranchIcon = icon(GitBranch);
