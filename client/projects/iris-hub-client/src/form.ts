const ESCAPES: Record<string, string> = { '\n': '%0A', '\r': '%0D', '"': '%22' };

/**
 * Write a form as `multipart/form-data`, as the HTML Standard says ("multipart/form-data encoding algorithm"). Its files are not read.
 *
 * WebKit does not give the bytes of a form with files to a page: `new Response(form).blob()` fails there.
 */
export function multipart(form: FormData): Blob {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const boundary = `----hub-form-${[...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  const parts: (string | File)[] = [];
  form.forEach((value, name) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCrLf(name))}"`;
    if (typeof value === 'string') {
      parts.push(`${head}\r\n\r\n${withCrLf(value)}\r\n`);
    } else {
      const type = value.type || 'application/octet-stream';
      parts.push(`${head}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n');
    }
  });
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
}

function escaped(name: string): string {
  return name.replace(/[\n\r"]/g, (character) => ESCAPES[character]);
}

function withCrLf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}
