/**
 * Write a form as `multipart/form-data`, as the HTML Standard says ("multipart/form-data encoding algorithm"). Its files are not read.
 *
 * WebKit does not give the bytes of a form with files to a page: `new Response(form).blob()` fails there.
 */
export function multipart(form: FormData): Blob {
  const boundary = `----hub-form-${crypto.randomUUID()}`;
  const parts: BlobPart[] = [];
  form.forEach((value, name) => {
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCrLf(name))}"`);
    if (typeof value === 'string') parts.push('\r\n\r\n', withCrLf(value));
    else {
      const type = value.type || 'application/octet-stream';
      parts.push(`; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value);
    }
    parts.push('\r\n');
  });
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
}

function escaped(name: string): string {
  return name.replace(/[\n\r"]/g, encodeURIComponent);
}

function withCrLf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}
