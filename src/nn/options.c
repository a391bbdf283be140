#include "nn/options.h"

#include <stddef.h>

#include "model/family.h"
#include "nn/loss.h"
#include "nn/optimiser.h"
#include "nn/predict.h"
#include "nn/sampling.h"
#include "nn/schedule.h"
#include "nn/transfer.h"

#define AT(field) offsetof(weft__train_options, field)

const weft_param weft__train_params[] = {
    {"network", WEFT_PARAM_TEXT, AT(network), NULL, 0, 0, NULL,
        "a built-in network's name or the path of a network text"},
    {"sizes", WEFT_PARAM_TEXT, AT(sizes), NULL, 0, 0, NULL,
        "other values of the sizes that the network's text names, as in filters=64"},
    {"epochs", WEFT_PARAM_COUNT, AT(epochs), "10", 1, 100000, NULL,
        "passes over the training pictures"},
    {"batch", WEFT_PARAM_COUNT, AT(batch), "64", 1, 65536, NULL, "pictures a step"},
    {"optimizer", WEFT_PARAM_CHOICE, AT(optimizer), "adam", 0, 0, WEFT__OPTIMISER_CHOICES,
        "how the weights follow the gradient; muon: convolutions by muon, the rest by sgd"},
    {"learning-rate", WEFT_PARAM_REAL, AT(learning_rate), "0.001", 0, 100, NULL,
        "length of a step; the highest, where a schedule changes it"},
    {"momentum", WEFT_PARAM_REAL, AT(momentum), "0.9", 0, 0.9999, NULL,
        "sgd and muon: share of the last step that is kept"},
    {"nesterov", WEFT_PARAM_FLAG, AT(nesterov), "false", 0, 0, NULL,
        "sgd: look ahead along the momentum"},
    {"weight-decay", WEFT_PARAM_REAL, AT(weight_decay), "0", 0, 10, NULL,
        "pull of the weights towards zero; biases and norms are left alone"},
    {"beta1", WEFT_PARAM_REAL, AT(beta1), "0.9", 0, 0.9999, NULL,
        "adam: decay of the gradient's mean"},
    {"beta2", WEFT_PARAM_REAL, AT(beta2), "0.999", 0, 0.999999, NULL,
        "adam: decay of the squared gradient's mean"},
    {"epsilon", WEFT_PARAM_REAL, AT(epsilon), "1e-7", 1e-12, 1, NULL,
        "adam: added to the root of the squared gradient"},
    {"schedule", WEFT_PARAM_CHOICE, AT(schedule), "constant", 0, 0, WEFT__SCHEDULE_CHOICES,
        "how the learning rate changes"},
    {"warmup", WEFT_PARAM_REAL, AT(warmup), "0", 0, 1, NULL,
        "share of the steps over which the learning rate rises"},
    {"final-rate", WEFT_PARAM_REAL, AT(final_rate), "0", 0, 1, NULL,
        "share of the learning rate that schedules but constant and step end at"},
    {"clip-norm", WEFT_PARAM_REAL, AT(clip_norm), "0", 0, 1e6, NULL,
        "longest gradient of all weights together; 0: any"},
    {"loss", WEFT_PARAM_CHOICE, AT(loss), "cross-entropy", 0, 0, WEFT__LOSS_CHOICES,
        "what is minimised"},
    {"label-smoothing", WEFT_PARAM_REAL, AT(label_smoothing), "0", 0, 0.9, NULL,
        "share of each label that is spread over all classes"},
    {"normalise", WEFT_PARAM_CHOICE, AT(normalise), "unit", 0, 0, "unit|standard",
        "pixels to [0, 1], or to the training pictures' mean 0 and deviation 1"},
    {"precision", WEFT_PARAM_CHOICE, AT(precision), "auto", 0, 0, "auto|f32|bf16",
        "of activations and compute weights; auto: bf16 where the processor has it"},
    {"patience", WEFT_PARAM_COUNT, AT(patience), "0", 0, 100000, NULL,
        "stop after so many epochs without a better validation loss and take the best "
        "weights; 0: never"},
    {"accumulate", WEFT_PARAM_COUNT, AT(accumulate), "1", 1, 65536, NULL,
        "batches whose gradients make one step together, as one large batch would"},
    {"ema", WEFT_PARAM_REAL, AT(ema), "0", 0, 0.999999, NULL,
        "validate and keep the moving average of the weights with this decay; 0: off"},
    {"swa", WEFT_PARAM_REAL, AT(swa), "0", 0, 1, NULL,
        "validate and keep the mean of the weights over this last share of the steps"},
    {"lookahead", WEFT_PARAM_COUNT, AT(lookahead), "0", 0, 100000, NULL,
        "every so many steps go back half of the way that was gone; 0: never"},
    {"skip-easy", WEFT_PARAM_REAL, AT(skip_easy), "0", 0, 0.5, NULL,
        "epochs but the first and the last leave out this share of the pictures, drawn "
        "from those with small losses"},
    {"grow-from", WEFT_PARAM_REAL, AT(grow_from), "0.5", 0.05, 1, NULL,
        "share of the sides that the first epoch's pictures have, with grow-until"},
    {"grow-until", WEFT_PARAM_REAL, AT(grow_until), "0", 0, 1, NULL,
        "share of the epochs in which pictures grow to their full size; for networks whose "
        "weights fit any size"},
    {"freeze-late", WEFT_PARAM_TEXT, AT(freeze_late), NULL, 0, 0, NULL,
        "layers that are trained no more from freeze-at on, as in conv1,batchnorm1"},
    {"freeze-at", WEFT_PARAM_REAL, AT(freeze_at), "0.7", 0, 1, NULL,
        "share of the epochs after which freeze-late's layers stay as they are"},
    {"views", WEFT_PARAM_CHOICE, AT(views), "1", 0, 0, WEFT__VIEWS_CHOICES,
        "predict by the mean over so many views of a picture: 2: and its mirror image; 6: "
        "and "
        "both moved by a pixel either way"},
    {"class-weights", WEFT_PARAM_CHOICE, AT(class_weights), "none", 0, 0, "none|balanced",
        "balanced: a picture's loss counts the more the rarer its class"},
    {"sampling", WEFT_PARAM_CHOICE, AT(sampling), "uniform", 0, 0, WEFT__SAMPLING_CHOICES,
        "balanced: an epoch draws every class alike, with replacement"},
    WEFT_AUGMENTATION_PARAMS(weft__train_options, augmentation),
    {"init-from", WEFT_PARAM_TEXT, AT(init_from), NULL, 0, 0, NULL,
        "begin with the arrays of this model or other safetensors file that fit"},
    {"init-map", WEFT_PARAM_TEXT, AT(init_map), NULL, 0, 0, NULL,
        "init-from: layers' names there, as in conv1=features.0,dense1=fc"},
    {"init-layout", WEFT_PARAM_CHOICE, AT(init_layout), "auto", 0, 0, WEFT__LAYOUT_CHOICES,
        "init-from: order of weights; auto: torch unless a weft model"},
    {"freeze", WEFT_PARAM_TEXT, AT(freeze), NULL, 0, 0, NULL,
        "layers that are not trained, as in conv*,batchnorm1"},
    {"rates", WEFT_PARAM_TEXT, AT(rates), NULL, 0, 0, NULL,
        "layers or their arrays with a multiple of the learning rate, as in "
        "conv*=0.1,*.beta=8"},
    {"seed", WEFT_PARAM_COUNT, AT(seed), "1", 0, 9007199254740992.0, NULL,
        "of initial weights, order, dropout and augmentation"},
    WEFT__CALIBRATE_PARAM(weft__train_options),
    {0},
};
