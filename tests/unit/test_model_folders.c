/* model: what a path that holds no checkpoint is said to be, and what to do with it. */
#include "headsweep/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

enum { MAX_FILES = 4, MAX_PATH = 1024 };

static const struct test_options gpt2_options = {
    .n_layers = 2, .n_heads = 2, .width = 8, .vocabulary = 7, .n_positions = 5};

/* A file of some text in a folder below `root`. */
static void put(const char *root, const char *name, const char *text)
{
    char folder[MAX_PATH];
    hs_error error = {0};
    const char *slash = strrchr(name, '/');
    snprintf(folder, sizeof folder, "%s/%.*s", root, slash != NULL ? (int)(slash - name) : 0, name);
    assert_ok(hs_folder_make(folder, &error), &error);
    test_file_write(folder, slash != NULL ? slash + 1 : name, text, strlen(text));
}

/* "@" in `expected` stands for `root`. */
static void assert_says(const char *message, const char *root, const char *expected)
{
    char wanted[MAX_PATH];
    const char *mark = strchr(expected, '@');
    if (mark == NULL)
        snprintf(wanted, sizeof wanted, "%s", expected);
    else
        snprintf(wanted, sizeof wanted, "%.*s%s%s", (int)(mark - expected), expected, root, mark + 1);
    if (strstr(message, wanted) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", message, wanted);
}

static void assert_fails(const char *path, const char *root, const char *first, const char *second)
{
    hs_model *model = NULL;
    hs_error error = {0};
    if (hs_model_open(path, &model, &error) == HS_OK)
        fail_msg("opened, but \"%s\" was expected", first);
    assert_int_equal(error.status, HS_ERROR_INPUT);
    assert_says(error.message, root, first);
    assert_says(error.message, root, second);
}

static void test_what_folders_are(void **state)
{
    (void)state;
    const struct {
        const char *files[MAX_FILES];
        const char *path; /* below the folder of the files; a config.json among these makes the weights what lacks */
        const char *reason;
        const char *advice;
    } cases[] = {
        {{"notes.txt"}, "", "no config.json there", "a Hugging Face checkpoint folder is needed"},
        {{"\033[2J.gguf"}, "", "no config.json there; a Hugging", "a Hugging Face checkpoint folder is needed"},
        {{"adapter_config.json", "adapter_model.safetensors"}, "", "is an adapter (PEFT)", "merge_and_unload()"},
        {{"config.json", "adapter_config.json"}, "", "is an adapter (PEFT)", "Merge it into its base model"},
        {{"snapshots/abc/config.json"}, "", "cache of the Hugging Face hub", "name its folder: @/snapshots/abc"},
        {{"snapshots/abc/config.json", "snapshots/b/config.json", "refs/main:abc\n"}, "", "cache", "@/snapshots/abc"},
        {{"snapshots/abc/config.json", "refs/main:gone"}, "", "cache", "@/snapshots/abc"},
        {{"snapshots/abc/config.json"}, "snapshots", "abc has one", "name that folder: @/snapshots/abc"},
        {{"models--org--m/snapshots/abc/config.json"},
         "",
         "models--org--m is a model of this cache",
         "name its folder: @/models--org--m/snapshots/abc"},
        {{"checkpoint-500/config.json", "checkpoint-1000/config.json", "trainer_state.json"},
         "",
         "checkpoint-1000 is the last checkpoint that a training run left here",
         "name it: @/checkpoint-1000"},
        {{"config.json", "checkpoint-5/config.json"}, "", "neither model.safetensors nor", "name it: @/checkpoint-5"},
        {{"gpt2/config.json", ".git/config.json"}, "", "gpt2 has one", "name that folder: @/gpt2"},
        {{"model-00001-of-00002.safetensors"}, "", "model-00001-of-00002.safetensors is there", "config.json"},
        {{"pytorch_model.bin"}, "", "pytorch_model.bin is there", "config.json that it came with"},
        {{"params.json", "consolidated.00.pth"}, "", "makers' own format", "in Hugging Face's format"},
        {{"consolidated.safetensors"}, "", "makers' own format", "convert_*_to_hf.py"},
        {{"m.q4.gguf"}, "", "m.q4.gguf is of llama.cpp", "that it was made from"},
        {{"m.q4.gguf"}, "m.q4.gguf", "is a file; a Hugging Face checkpoint folder is needed", "is of llama.cpp"},
        {{"config.json", "model.onnx"}, "", "model.onnx is of ONNX", "reads the PyTorch checkpoint folder"},
        {{"config.json", "tf_model.h5"}, "", "tf_model.h5 is of TensorFlow or Flax", "from_tf=True"},
        {{"config.json", "flax_model.msgpack"}, "", "is of TensorFlow or Flax", "from_flax"},
        {{"config.json", "global_step10/mp_rank_00_model_states.pt"}, "", "state of a training run", "consolidate it"},
        {{"config.json", "model.fp16.safetensors"}, "", "model.fp16.safetensors is a variant", "as model.safetensors"},
        {{"config.json", "model-00002-of-00002.safetensors"}, "", "is a shard, but the index", "copy it too"},
        {{"config.json", "weights.safetensors"},
         "",
         "weights.safetensors is not a name",
         "rename it model.safetensors"},
        {{"config.json", "pytorch_model.bin", "training_args.bin"},
         "",
         "pytorch_model.bin looks like a pickle",
         "save_pretrained("},
        {{"config.json", "training_args.bin", "optimizer.pt"},
         "",
         "model.safetensors.index.json is there; a Hugging",
         "config.json, model.safetensors"},
        {{"config.json", "model.safetensors"}, "model.safetensors", "is a file", "the folder that it lies in: @"},
        {{"config.json"}, "config.json", "is a file", "the folder that it lies in: @"},
        {{"readme.md"}, "readme.md", "readme.md is a file", "checkpoint folder is needed"},
        {{"readme.md"}, "gone", "@/gone: there is no such folder", "hf download NAME --local-dir FOLDER"},
        {{"readme.md"}, "readme.md/gone", "readme.md/gone cannot be looked into", "Not a directory"},
    };
    char *config = test_gpt2_config(&gpt2_options);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *folder = test_temporary_folder(), path[MAX_PATH];
        for (size_t k = 0; k < MAX_FILES && cases[i].files[k] != NULL; k++) {
            char name[MAX_PATH];
            const char *text = strchr(cases[i].files[k], ':');
            snprintf(name, sizeof name, "%s", cases[i].files[k]);
            name[strcspn(name, ":")] = '\0';
            put(folder, name, text != NULL ? text + 1 : strcmp(name, "config.json") == 0 ? config : "x");
        }
        snprintf(path, sizeof path, "%s%s%s", folder, cases[i].path[0] != '\0' ? "/" : "", cases[i].path);
        assert_fails(path, folder, cases[i].reason, cases[i].advice);
        test_folder_remove(folder);
        free(folder);
    }
    free(config);
}

static void test_names_of_the_hub(void **state)
{
    (void)state;
    assert_fails("no-such-model", "", "hf download no-such-model --local-dir", "there is no such folder");
    assert_fails("org/no.such_model", "", "hf download org/no.such_model --local-dir", "Nothing is downloaded");
    assert_fails("../no-such-model", "", "hf download NAME --local-dir", "../no-such-model: there is no such folder");
    assert_fails("a/b/no-such-model", "", "hf download NAME --local-dir", "there is no such folder");
}

static void test_broken_links(void **state)
{
    (void)state;
    char *folder = test_temporary_folder(), path[MAX_PATH], *config = test_gpt2_config(&gpt2_options);
    snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink("gone", path), 0);
    assert_fails(path, folder, "@/link is a link to something that does not exist", "folder is needed");
    snprintf(path, sizeof path, "%s/config.json", folder);
    assert_int_equal(symlink("../blobs/config.json", path), 0);
    assert_fails(folder, folder, "config.json there is a link to something that does not exist", "cp -rL");
    assert_int_equal(unlink(path), 0);
    put(folder, "config.json", config);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(symlink("../blobs/model.safetensors", path), 0);
    assert_fails(folder, folder, "model.safetensors there is a link to something that does not exist", "cp -rL");
    free(config);
    test_folder_remove(folder);
    free(folder);
}

/* As `git clone` leaves a repository where Git LFS is not installed. */
static void test_pointers_of_large_files(void **state)
{
    (void)state;
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 548105171\n";
    static const char *const names[] = {"model.safetensors", "config.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *folder = test_temporary_folder(), named[MAX_PATH];
        test_random_gpt2_with(folder, &gpt2_options, 1);
        put(folder, names[i], pointer);
        snprintf(named, sizeof named, "@/%s is a Git LFS pointer", names[i]);
        assert_fails(folder, folder, named, "`git lfs pull`");
        test_folder_remove(folder);
        free(folder);
    }
}

/* transformers adds it to the weights that lie beside it. */
static void test_adapters_beside_a_model(void **state)
{
    static const char *const names[] = {"adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *root = test_temporary_folder();
        test_random_gpt2_with(root, &gpt2_options, 1);
        put(root, names[i], "{}");
        assert_fails(root, root, names[i],
                     "belongs to an adapter (PEFT), which changes what the model beside it computes");
        assert_fails(root, root, "Merge it into its base model", "move it elsewhere to measure the model without it");
        test_folder_remove(root);
        free(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_folders_are),
        cmocka_unit_test(test_names_of_the_hub),
        cmocka_unit_test(test_broken_links),
        cmocka_unit_test(test_adapters_beside_a_model),
        cmocka_unit_test(test_pointers_of_large_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
