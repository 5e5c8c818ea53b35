import { expect, test } from 'vitest';
import { multipart } from '../src/form';

/** Return the text of a form with its boundary replaced, as the platform writes it and as we do. */
async function bothOf(form: FormData): Promise<[string, string]> {
  const platform = new Response(form);
  const blob = multipart(form);
  const text = async (type: string, body: Promise<string>): Promise<string> =>
    (await body).replaceAll(/boundary=(.*)$/.exec(type)![1], 'BOUNDARY');
  return [await text(platform.headers.get('content-type')!, platform.text()), await text(blob.type, blob.text())];
}

test('a form is written as the platform writes it', async () => {
  const form = new FormData();
  form.append('name', 'Ümit\nsecond line\rthird');
  form.append('a"b\nc', '');
  form.append('file', new Blob(['<p>'], { type: 'text/html' }), 'sc"an\r\n.html');
  form.append('file', new Blob([new Uint8Array([1, 2])]));
  const [platform, ours] = await bothOf(form);
  expect(ours).toBe(platform);
});

test('an empty form has its end alone', async () => {
  const [platform, ours] = await bothOf(new FormData());
  expect(ours.trim()).toBe(platform.trim());
});
