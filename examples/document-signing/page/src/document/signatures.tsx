import { useState } from 'preact/hooks';
import { type Signature, signatureImagePath } from '../api/signatures.js';
import { Ago } from '../time/ago.js';

/** Who signed, and how it looks. */
export function Signatures({ signatures }: { readonly signatures: readonly Signature[] }) {
  return (
    <ul class="signatures" data-testid="signatures">
      {signatures.map((signature) => (
        <SignatureCard key={signature.id} {...signature} />
      ))}
    </ul>
  );
}

/** A signature without an image shows the name in its place. */
function SignatureCard({ id, signer_name, signer_email, signed_at }: Signature) {
  const [drawn, setDrawn] = useState(true);
  return (
    <li class="signature">
      <div class="signature-paper">
        {drawn ? (
          <img src={signatureImagePath(id)} alt={`Signature of ${signer_name}`} onError={() => setDrawn(false)} />
        ) : (
          <span class="written">{signer_name}</span>
        )}
      </div>
      <p>
        <strong>{signer_name}</strong>
        <span class="quiet">
          {signer_email} · <Ago at={signed_at} />
        </span>
      </p>
    </li>
  );
}
