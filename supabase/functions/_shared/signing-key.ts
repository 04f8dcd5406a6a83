import { z } from 'zod';

const SigningKey = z.looseObject({ kid: z.string(), kty: z.string(), alg: z.string().default('ES256') });

/** The private JWK in `PATCHBAY_SIGNING_KEY`, which holds it in base64; null where it holds something else. */
export function readSigningKey(text: string): z.infer<typeof SigningKey> | null {
  try {
    return SigningKey.parse(JSON.parse(atob(text)));
  } catch {
    return null;
  }
}
