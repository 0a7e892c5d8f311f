/*
 * folder: people name models of the hub, files, adapters, caches, training runs and other tools'
 * formats. A table of marks says which of these a path is, and how to get a checkpoint folder from
 * it.
 */
#include "model/folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

/* Marks: what in a folder tells what it is. */

enum { WITHOUT_CONFIG = 1 << HS_FOLDER_NEEDS_CONFIG, WITHOUT_WEIGHTS = 1 << HS_FOLDER_NEEDS_WEIGHTS, WITHOUT = 3 };

typedef struct folder_mark {
    unsigned when;       /* what is missing */
    const char *pattern; /* of a name in the folder */
    const char *inside;  /* what that entry, a folder, must hold to be meant and to be what is looked for; or NULL */
    const char *advice;  /* follows the entry's name; where `inside` is given the path to take follows it */
} folder_mark;

#define SAVE ".save_pretrained('NEW_FOLDER', safe_serialization=True)"
#define CLASS "getattr(t, t.AutoConfig.from_pretrained('FOLDER').architectures[0]).from_pretrained('FOLDER'"
#define PICKLE                                                                                                     \
    "looks like a pickle, which can run code when it is read and is never opened. Convert it where you trust it: " \
    "python3 -c \"import transformers as t; " CLASS ")" SAVE "\""
#define MERGE                                                                         \
    "Merge it into its base model: python3 -c \"import peft; "                        \
    "peft.AutoPeftModelForCausalLM.from_pretrained('FOLDER').merge_and_unload()" SAVE \
    "\" (AutoPeftModelForSequenceClassification for a classifier), and copy the base model's tokenizer files there"
#define ADAPTER "says that this is an adapter (PEFT), no model. " MERGE
#define TENSORFLOW                                                                                               \
    "is of TensorFlow or Flax. transformers before 5 converts it: python3 -c \"import transformers as t; " CLASS \
    ", from_tf=True)" SAVE "\" (from_flax for Flax)"
#define TRAINING                                                                                              \
    "is the sharded state of a training run; consolidate it with the trainer's tool and write a folder with " \
    "save_pretrained()"
#define ORIGINAL                                                                                                  \
    "is of the release in the makers' own format; take the one in Hugging Face's format, or convert it with the " \
    "family's convert_*_to_hf.py of transformers"
#define OTHER "; headsweep reads the PyTorch checkpoint folder (transformers) that it was made from"

/* The first that fits counts. */
static const folder_mark marks[] = {
    {WITHOUT, "adapter_config.json", NULL, ADAPTER},
    {WITHOUT, "model_index.json", NULL, "says that this is a pipeline of diffusers, no language model"},
    {WITHOUT, "snapshots", "", "holds what this cache of the Hugging Face hub has of one model; name its folder:"},
    {WITHOUT, "models--*", "snapshots", "is a model of this cache of the Hugging Face hub; name its folder:"},
    {WITHOUT, "checkpoint-*", "config.json", "is the last checkpoint that a training run left here; name it:"},
    {WITHOUT, "*", "config.json", "has one; name that folder:"},
    {WITHOUT_CONFIG, "model*.safetensors", NULL, "is there; the config.json that it came with must lie beside it"},
    {WITHOUT, "params.json", NULL, ORIGINAL},
    {WITHOUT, "consolidated*", NULL, ORIGINAL},
    {WITHOUT, "*.gguf", NULL, "is of llama.cpp" OTHER},
    {WITHOUT, "*.onnx", NULL, "is of ONNX" OTHER},
    {WITHOUT, "openvino_model.*", NULL, "is of OpenVINO" OTHER},
    {WITHOUT, "*.mlpackage", NULL, "is of Core ML" OTHER},
    {WITHOUT, "*.tflite", NULL, "is of TensorFlow Lite" OTHER},
    {WITHOUT, "rust_model.ot", NULL, "is of rust-bert" OTHER},
    {WITHOUT, "*.distcp", NULL, TRAINING},
    {WITHOUT, "global_step*", NULL, TRAINING},
    {WITHOUT, "mp_rank_*", NULL, TRAINING},
    {WITHOUT_WEIGHTS, "model-*-of-*.safetensors", NULL,
     "is a shard, but the index of shards, model.safetensors.index.json, is not there: copy it too"},
    {WITHOUT_WEIGHTS, "model.*.safetensors", NULL,
     "is a variant, which transformers reads only where it is asked for; link it as model.safetensors in a folder of "
     "its own, with config.json and the tokenizer's files"},
    {WITHOUT_WEIGHTS, "*.safetensors", NULL,
     "is not a name that transformers looks for; rename it model.safetensors if it holds the whole model"},
    {WITHOUT_WEIGHTS, "*.bin", NULL, PICKLE},
    {WITHOUT_WEIGHTS, "*.pt", NULL, PICKLE},
    {WITHOUT_WEIGHTS, "*.pth", NULL, PICKLE},
    {WITHOUT_WEIGHTS, "*.pkl", NULL, PICKLE},
    {WITHOUT_WEIGHTS, "*.ckpt", NULL, PICKLE},
    {WITHOUT, "tf_model*.h5", NULL, TENSORFLOW},
    {WITHOUT, "saved_model.pb", NULL, TENSORFLOW},
    {WITHOUT, "*.ckpt.index", NULL, TENSORFLOW},
    {WITHOUT, "*.msgpack", NULL, TENSORFLOW},
    {WITHOUT_CONFIG, "pytorch_model*.bin", NULL, "is there; the config.json that it came with must lie beside it"},
};

/* What a training run leaves beside its model and nobody wants converted. */
static const char *const not_weights[] = {"training_args.bin", "optimizer.*", "scheduler.*", "scaler.*", "rng_state*"};

/* Names with control characters, which a message must not repeat, tell nothing. */
static bool fits(const folder_mark *mark, const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    for (size_t i = 0; i < sizeof not_weights / sizeof not_weights[0]; i++)
        if (fnmatch(not_weights[i], name, 0) == 0)
            return false;
    return fnmatch(mark->pattern, name, FNM_PERIOD) == 0;
}

static bool is_folder(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0 && S_ISDIR(information.st_mode);
}

/* Does folder/name hold `inside`? "" asks only whether it is a folder. */
static bool holds(const char *folder, const char *name, const char *inside)
{
    hs_error ignored = {0};
    char *path = hs_string_format(&ignored, "%s/%s/%s", folder, name, inside);
    bool found = path != NULL && (inside[0] == '\0' ? is_folder(path) : hs_path_exists(path));
    hs_free(path);
    return found;
}

/* checkpoint-1000 comes after checkpoint-500. */
static bool comes_after(const char *name, const char *other)
{
    size_t length = strlen(name), other_length = strlen(other);
    return length != other_length ? length > other_length : strcmp(name, other) > 0;
}

/* The last entry of the folder that the mark fits, "" if it fits none. */
static void find_entry(const char *folder, const folder_mark *mark, char *name_out, size_t capacity)
{
    DIR *listing = opendir(folder);
    name_out[0] = '\0';
    for (struct dirent *entry = NULL; listing != NULL && (entry = readdir(listing)) != NULL;)
        if (fits(mark, entry->d_name) && comes_after(entry->d_name, name_out) && strlen(entry->d_name) < capacity &&
            (mark->inside == NULL || holds(folder, entry->d_name, mark->inside)))
            snprintf(name_out, capacity, "%s", entry->d_name);
    if (listing != NULL)
        closedir(listing);
}

enum { MAX_ENTRY = 256 };

/* The revision that a hub cache calls main, or else its last one. */
static char *find_snapshot(const char *model_folder, hs_error *error)
{
    static const folder_mark any = {WITHOUT, "*", "", NULL};
    char revision[MAX_ENTRY] = "", *main_file = hs_path_join(model_folder, "refs/main", error), *text = NULL;
    char *folder = hs_path_join(model_folder, "snapshots", error), *path = NULL;
    size_t n_bytes = 0;
    hs_error ignored = {0};
    if (main_file != NULL && folder != NULL &&
        hs_file_read(main_file, MAX_ENTRY - 1, &text, &n_bytes, &ignored) == HS_OK)
        snprintf(revision, sizeof revision, "%.*s", (int)strcspn(text, "\r\n/"), text);
    if (folder != NULL && (revision[0] == '\0' || !holds(folder, revision, "")))
        find_entry(folder, &any, revision, sizeof revision);
    if (main_file != NULL && folder != NULL)
        path = hs_path_join(folder, revision, error);
    hs_free(text);
    hs_free(main_file);
    hs_free(folder);
    return path;
}

/* The folder to take where `name` in `folder` is the one that the mark is about. */
static char *find_folder(const char *folder, const char *name, hs_error *error)
{
    char *path = hs_path_join(folder, name, error), *snapshot = NULL;
    if (path == NULL)
        return NULL;
    if (strcmp(name, "snapshots") == 0)
        snapshot = find_snapshot(folder, error);
    else if (!hs_path_exists(path) || !holds(folder, name, "snapshots"))
        return path;
    else
        snapshot = find_snapshot(path, error);
    hs_free(path);
    return snapshot;
}

static const char *const lacks[] = {
    [HS_FOLDER_NEEDS_CONFIG] = "no config.json there",
    [HS_FOLDER_NEEDS_WEIGHTS] = "neither model.safetensors nor model.safetensors.index.json is there",
};

static const char *const needed_files[] = {
    [HS_FOLDER_NEEDS_CONFIG] = "config.json", [HS_FOLDER_NEEDS_WEIGHTS] = "model.safetensors"};

static const char what_is_needed[] = "a Hugging Face checkpoint folder is needed: config.json, model.safetensors and "
                                     "the tokenizer's files";

static hs_status fail_with_mark(const char *folder, hs_folder_need need, const folder_mark *mark, const char *name,
                                hs_error *error)
{
    if (mark->inside == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s. %s %s", folder, lacks[need], name, mark->advice);
    char *path = find_folder(folder, name, error);
    if (path == NULL)
        return error->status;
    hs_fail(error, HS_ERROR_INPUT, "%s: %s. %s %s %s", folder, lacks[need], name, mark->advice, path);
    hs_free(path);
    return error->status;
}

static bool is_broken_link(const char *folder, const char *name)
{
    hs_error ignored = {0};
    struct stat information;
    char *path = hs_path_join(folder, name, &ignored);
    bool broken = path != NULL && lstat(path, &information) == 0 && stat(path, &information) != 0;
    hs_free(path);
    return broken;
}

/*
 * A broken link counts before any mark: a hub's cache that was copied without its blobs has all
 * the right names, and none of its files.
 */
static hs_status fail_folder(const char *folder, hs_folder_need need, hs_error *error)
{
    char name[MAX_ENTRY];
    if (is_broken_link(folder, needed_files[need]))
        return hs_fail(
            error, HS_ERROR_INPUT,
            "%s: %s there is a link to something that does not exist; copy what it links to as well (cp -rL)", folder,
            needed_files[need]);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if ((marks[i].when & 1U << need) == 0)
            continue;
        find_entry(folder, &marks[i], name, sizeof name);
        if (name[0] != '\0')
            return fail_with_mark(folder, need, &marks[i], name, error);
    }
    return hs_fail(error, HS_ERROR_INPUT, "%s: %s; %s", folder, lacks[need], what_is_needed);
}

/* Such as "gpt2" or "EleutherAI/pythia-70m". */
static bool is_hub_name(const char *name)
{
    size_t n_slashes = 0;
    for (const char *c = name; *c != '\0'; c++) {
        n_slashes += *c == '/';
        if (!isalnum((unsigned char)*c) && strchr("/-_.", *c) == NULL)
            return false;
    }
    return isalnum((unsigned char)name[0]) && n_slashes <= 1 && name[strlen(name) - 1] != '/';
}

static hs_status fail_missing(const char *folder, hs_error *error)
{
    struct stat information;
    if (lstat(folder, &information) == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s is a link to something that does not exist; %s", folder,
                       what_is_needed);
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: there is no such folder. Nothing is downloaded by headsweep; a model of the Hugging Face hub "
                   "is fetched with: hf download %s --local-dir FOLDER, and FOLDER is named then",
                   folder, is_hub_name(folder) ? folder : "NAME");
}

/*
 * A file of a checkpoint instead of its folder is the commonest slip, so that a config.json beside
 * it counts before what its own name says.
 */
static hs_status fail_file(const char *path, hs_error *error)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    char *folder = hs_path_folder(path, error);
    if (folder == NULL)
        return error->status;
    bool is_inside = holds(folder, ".", "config.json");
    if (is_inside)
        hs_fail(error, HS_ERROR_INPUT, "%s is a file; name the folder that it lies in: %s", path, folder);
    hs_free(folder);
    for (size_t i = 0; !is_inside && i < sizeof marks / sizeof marks[0]; i++)
        if (marks[i].inside == NULL && fits(&marks[i], name))
            return hs_fail(error, HS_ERROR_INPUT, "%s is a file; %s. %s %s", path, what_is_needed, name,
                           marks[i].advice);
    return hs_fail(error, HS_ERROR_INPUT, "%s is a file; %s", path, what_is_needed);
}

hs_status hs__model_folder_fail(const char *folder, hs_folder_need need, hs_error *error)
{
    struct stat information;
    if (stat(folder, &information) != 0)
        return errno == ENOENT ? fail_missing(folder, error)
                               : hs_fail_system(error, HS_ERROR_INPUT, errno, "%s cannot be looked into", folder);
    return S_ISDIR(information.st_mode) ? fail_folder(folder, need, error) : fail_file(folder, error);
}

/*
 * With PEFT installed, transformers applies such an adapter without being asked: to leave it out
 * would measure another model than the user's own scripts do.
 */
hs_status hs__model_folder_refuse_adapters(const char *folder, hs_error *error)
{
    static const folder_mark adapters[] = {{0, "adapter_config.json", NULL, NULL},
                                           {0, "adapter_model.*", NULL, NULL},
                                           {0, "pytorch_adapter*", NULL, NULL}};
    char name[MAX_ENTRY];
    for (size_t i = 0; i < sizeof adapters / sizeof adapters[0]; i++) {
        find_entry(folder, &adapters[i], name, sizeof name);
        if (name[0] != '\0')
            return hs_fail(
                error, HS_ERROR_INPUT,
                "%s: %s belongs to an adapter (PEFT), which changes what the model beside it computes and is "
                "not read. " MERGE "; or move it elsewhere to measure the model without it",
                folder, name);
    }
    return HS_OK;
}
