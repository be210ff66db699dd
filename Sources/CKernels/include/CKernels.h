#pragma once

#include "backward.h"
#include "inference.h"
#include "isa.h"
#include "quantize.h"
#include "process.h"
#include "tuning.h"
