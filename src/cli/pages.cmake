# Makes the man pages and the completion of shells: cmake -DPROGRAM=... -DFOLDER=... -DCOMMANDS=... -P pages.cmake
function(make file)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 ${PROGRAM} help ${ARGN} OUTPUT_FILE ${FOLDER}/${file}
                  RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "headsweep help ${ARGN} ended with ${code}")
  endif()
endfunction()

file(MAKE_DIRECTORY ${FOLDER})
make(headsweep.1 --man)
foreach(command ${COMMANDS})
  make(headsweep-${command}.1 --man ${command})
endforeach()
make(headsweep --bash)
make(_headsweep --zsh)
make(headsweep.fish --fish)
