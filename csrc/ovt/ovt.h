/* libovt: decodes .ovt files of the codecs tiled-dct, dfm, sparse-dct and dfm-latent.
 *
 *     ovt_context* context;
 *     ovt_file* file;
 *     ovt_error error;
 *     ovt_context_new(&context, &error);
 *     ovt_context_add_data(context, "tiled-dct/context_state", bytes, size, &error);
 *     ovt_context_add_data(context, "tiled-dct/post_filter", bytes, size, &error);
 *     if (ovt_open(context, data, size, NULL, &file, &error) != OVT_OK) puts(error.text);
 *     const ovt_header* header = ovt_file_header(file);
 *     ovt_decode(file, NULL, NULL, pixels, num_bytes, stride, &error);
 *     ovt_file_free(file);
 *     ovt_context_free(context);
 *
 * Every function that can fail returns an ovt_status, which is OVT_OK (0) when it did not, and
 * fills `error` where that is not NULL. No C++ exception leaves the library, and there is no global
 * state. A result that a failed call would have given is set to NULL or 0.
 *
 * Threads: a context may be used by several threads once all its data have been added. A file may
 * be read by several threads; a decoder is used by one thread at a time.
 *
 * Memory: what is decoded at a time is a strip of rows: some 2^18 pixels, or one row where a row
 * has more, at some hundred bytes a pixel. A codec that codes coarse to fine also keeps its
 * coefficients, two bytes each; dfm-latent its symbols, a byte each, and while it reads them two
 * bytes for each feature of four pixels. For each row of a view beyond the strip there are eight
 * bytes.
 */
#ifndef OVERTONE_OVT_H
#define OVERTONE_OVT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The first number grows when a program that used an older library must be changed. */
#define OVT_VERSION_MAJOR 1
#define OVT_VERSION_MINOR 0

/* OVT_VERSION_MAJOR * 1000 + OVT_VERSION_MINOR of the library that is linked. */
uint32_t ovt_version(void);

typedef enum ovt_status {
  OVT_OK = 0,
  OVT_END = 1,                 /* no more rows */
  OVT_NOT_A_BITSTREAM = 2,     /* the file is of another kind */
  OVT_UNSUPPORTED_VERSION = 3, /* it is newer than this library */
  OVT_UNSUPPORTED_CODEC = 4,   /* its codec is not one of this library */
  OVT_TRUNCATED = 5,           /* it ends before its contents do */
  OVT_CORRUPT = 6,             /* a checksum or a value contradicts the format */
  OVT_LIMIT_EXCEEDED = 7,      /* it asks for more pixels or work than allowed */
  OVT_BAD_ARGUMENT = 8,        /* the call makes no sense; the text says why */
  OVT_NO_DATA = 9,             /* the codec needs data that the context does not have */
  OVT_NO_MEMORY = 10,
  OVT_STOPPED = 11, /* the caller's `check` asked for it */
  OVT_INTERNAL = 12 /* a fault of the library */
} ovt_status;

/* "OVT_CORRUPT" and so on; "OVT_?" for a number that is no status. */
const char* ovt_status_name(ovt_status status);

#define OVT_NO_OFFSET (-1)

typedef struct ovt_error {
  ovt_status status;
  int64_t offset; /* byte of the file where the fault was found, or OVT_NO_OFFSET */
  char text[496]; /* one line in English, without the offset, ends with a zero byte */
} ovt_error;

/* ---- Data of the codecs ------------------------------------------------------------------------
 *
 * What adaptive models know before the first symbol is data, not code: a codec's part is needed
 * only to decode its files, and a caller on a network fetches it then. A context takes the files
 * that come with the codecs as they are and copies what it needs:
 *
 *     name                         file in src/overtone/codecs
 *     tiled-dct/context_state      tiled_dct/context_state.bin
 *     tiled-dct/post_filter        tiled_dct/post_filter.bin
 *     sparse-dct/context_state     sparse_dct/context_state.bin
 *     dfm-latent/starts            dfm_latent/starts.bin, of files that name one
 */
typedef struct ovt_context ovt_context;

ovt_status ovt_context_new(ovt_context** context, ovt_error* error);
void ovt_context_free(ovt_context* context); /* NULL is allowed; not before its files are freed */

/* OVT_BAD_ARGUMENT for a name that no codec has; OVT_CORRUPT for bytes that are not that file.
 * A name that is given again replaces what was there, so it must not be while files are decoded. */
ovt_status ovt_context_add_data(ovt_context* context, const char* name, const void* bytes,
                                size_t size, ovt_error* error);
int ovt_context_has_data(const ovt_context* context, const char* name);

/* ---- The table of codecs ----------------------------------------------------------------------*/

uint32_t ovt_num_codecs(void);
uint32_t ovt_codec_id(uint32_t index);           /* of codec `index`; 0 beyond the table */
const char* ovt_codec_name(uint32_t codec_id);   /* NULL for a codec that is not in the table */
int ovt_codec_is_progressive(uint32_t codec_id); /* whether the beginning of a file decodes */
/* Names of the data that decoding its files needs: index 0, 1, ..., then NULL. */
const char* ovt_codec_data(uint32_t codec_id, uint32_t index);

/* ---- Files ------------------------------------------------------------------------------------*/

typedef struct ovt_header {
  uint32_t codec_id; /* 1 tiled-dct, 2 dfm, 3 sparse-dct, 6 dfm-latent; others are not decoded */
  uint32_t width;    /* pixels, 1..65535 */
  uint32_t height;
  uint32_t channels; /* 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA; 8 bits each */
  uint32_t num_sections;
  uint32_t has_icc, has_exif, has_dpi; /* 0 or 1 */
} ovt_header;

#define OVT_DEFAULT_MAX_PIXELS ((uint64_t)1 << 28)

/* Options whose value 0 (or a NULL instead of the struct) is the default. */
typedef struct ovt_open_options {
  uint64_t max_pixels; /* larger pictures are OVT_LIMIT_EXCEEDED; OVT_DEFAULT_MAX_PIXELS */
  /* Use so many bytes of the file at most, of which any part may be missing: what has arrived of a
   * file is shown with its size here. Only for a progressive codec. By default the file must be
   * whole. The pixels are those of a whole file of at most `max_bytes`, checksum included, which
   * is why the last bytes may not count. */
  size_t max_bytes;
} ovt_open_options;

/* The first bytes of a file; some 20 are always enough. The checksum over them is that of the
 * first section, so ovt_open notices damage which this does not. */
ovt_status ovt_read_header(const void* data, size_t size, uint64_t max_pixels, ovt_header* header,
                           ovt_error* error);

typedef struct ovt_file ovt_file;

/* Takes a file apart: every length, range and checksum is looked at, no pixel decoded yet.
 *
 * The bytes are not copied: the caller keeps them until the file is freed. Files of any codec can
 * be opened, for their header and metadata; `context` may be NULL if nothing shall be decoded. */
ovt_status ovt_open(const ovt_context* context, const void* data, size_t size,
                    const ovt_open_options* options, ovt_file** file, ovt_error* error);
/* The same of the header and the metadata alone; what follows them may be missing or damaged, and
 * the file cannot be decoded. `options->max_bytes` has no meaning here. */
ovt_status ovt_open_head(const void* data, size_t size, const ovt_open_options* options,
                         ovt_file** file, ovt_error* error);
void ovt_file_free(ovt_file* file); /* NULL is allowed; not before its decoders are freed */

const ovt_header* ovt_file_header(const ovt_file* file);

typedef struct ovt_metadata {
  const uint8_t* icc; /* ICC colour profile, NULL for none, which means sRGB */
  size_t icc_size;
  const uint8_t* exif; /* EXIF block from its TIFF header on; pixels are as stored, not turned */
  size_t exif_size;
  double dpi_x, dpi_y; /* dots per inch; 0 for none */
} ovt_metadata;

/* Valid until the file is freed. */
ovt_metadata ovt_file_metadata(const ovt_file* file);

typedef struct ovt_section {
  const uint8_t* bytes; /* the payload, inside the data given to ovt_open */
  size_t size;
  size_t offset; /* of the payload in the file */
} ovt_section;

/* Payload of section `index`; all zero beyond the last. */
ovt_section ovt_file_section(const ovt_file* file, uint32_t index);

/* ---- Pixels -----------------------------------------------------------------------------------*/

/* Which part of the picture, and at which size. The box is in source pixels: pixel i covers i to
 * i + 1. Output pixel i is centred at x + (i + 0.5) * width / out_width, and likewise down.
 * The box must lie in the picture. */
typedef struct ovt_view {
  double x, y, width, height;
  uint32_t out_width, out_height;
} ovt_view;

/* Asked some twenty times a second, from the thread that called; anything but 0 ends the work with
 * OVT_STOPPED. */
typedef int (*ovt_check)(void* user);

typedef struct ovt_decode_options {
  uint32_t num_threads; /* 1 by default, at most 256 */
  /* "baseline", "avx2", "avx512": instruction set of the kernels, for tests; NULL: the best. */
  const char* isa;
  uint64_t max_pixels; /* of the output; larger ones are OVT_BAD_ARGUMENT; OVT_DEFAULT_MAX_PIXELS */
  ovt_check check;     /* NULL: never asked */
  void* user;          /* given to `check` */
} ovt_decode_options;

typedef struct ovt_decoder ovt_decoder;

/* A decoder of one view; NULL is the whole picture, pixel for pixel. Reads the heads of the codec's
 * sections, and of a progressive codec all coefficients. */
ovt_status ovt_decoder_new(const ovt_file* file, const ovt_view* view,
                           const ovt_decode_options* options, ovt_decoder** decoder,
                           ovt_error* error);
void ovt_decoder_free(ovt_decoder* decoder); /* NULL is allowed */

/* The view that is decoded: the one asked for, or the whole picture. */
ovt_view ovt_decoder_view(const ovt_decoder* decoder);

/* The next strip of the view, as many rows as the codec makes at a time (at least one): pixels
 * interleaved, rows of out_width * channels bytes one after the other. They are the decoder's and
 * valid until its next call. OVT_END after the last one; it is only then that the end of the
 * stream has been checked, where the view reaches the last row of the picture.
 *
 * After a failure while decoding, the decoder reports that failure again each time. */
ovt_status ovt_decoder_next(ovt_decoder* decoder, const uint8_t** pixels, uint32_t* num_rows,
                            ovt_error* error);

/* The next rows of the view, `max_rows` or as many as there are before the strip ends, in the
 * caller's buffer, which has room for `max_rows`: row r begins at r * stride bytes, and `stride` 0
 * stands for rows without a gap. `num_rows` receives their number. OVT_END and failures as above;
 * after OVT_BAD_ARGUMENT, for a buffer or a stride that is too small, it can be called again. */
ovt_status ovt_decoder_read(ovt_decoder* decoder, void* buffer, size_t buffer_size, size_t stride,
                            uint32_t max_rows, uint32_t* num_rows, ovt_error* error);

/* A whole view in one call: out_height rows of out_width * channels bytes, row r at r * stride.
 * `stride` 0 stands for rows without a gap. Where it fails, rows that were decoded before are in
 * the buffer. OVT_BAD_ARGUMENT, and nothing is written, for a buffer or a stride that is too
 * small. */
ovt_status ovt_decode(const ovt_file* file, const ovt_view* view, const ovt_decode_options* options,
                      void* buffer, size_t buffer_size, size_t stride, ovt_error* error);

#ifdef __cplusplus
}
#endif

#endif
