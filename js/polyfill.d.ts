/** Looks after the images of a shadow root, too; those of the document are looked after anyway. */
export function watch(root?: Document | ShadowRoot): void;
