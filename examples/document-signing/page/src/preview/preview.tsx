import { contentPath, type Document } from '../api/documents.js';
import { isText } from '../create/read-file.js';
import { Icon, iconOf } from '../icon/icon.js';
import { ImagePreview } from './image-preview.js';
import { PdfPreview } from './pdf-preview.js';
import { TextPreview } from './text-preview.js';

/** The content as far as the page can show it. Nothing in it ever runs: text is shown as text, whatever it says it is. */
export function Preview({ document }: { readonly document: Document }) {
  const { id, content_type, title } = document;
  return (
    <section class="preview" aria-label="Content">
      {content_type.startsWith('image/') ? (
        <ImagePreview path={contentPath(id)} title={title} />
      ) : content_type === 'application/pdf' ? (
        <PdfPreview path={contentPath(id)} title={title} />
      ) : isText(content_type) ? (
        <TextPreview path={contentPath(id)} />
      ) : (
        <NoPreview document={document} />
      )}
    </section>
  );
}

function NoPreview({ document: { id, content_type, title } }: { readonly document: Document }) {
  return (
    <div class="no-preview">
      <Icon name={iconOf(content_type)} />
      <p>There is no preview of {content_type}.</p>
      <a class="button" href={contentPath(id)} download={title}>
        <Icon name="download" />
        Download
      </a>
    </div>
  );
}
