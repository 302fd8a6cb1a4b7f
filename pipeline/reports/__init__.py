"""The day's tables, made readable: HTML, files, Markdown and ten lines, in English and Turkish."""
