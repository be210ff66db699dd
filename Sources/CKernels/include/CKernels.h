#pragma once

#include "attention.h"
#include "backward.h"
#include "blocks.h"
#include "inference.h"
#include "isa.h"
#include "quantize.h"
#include "process.h"
#include "tuning.h"
