# Run by cpack over the tree that is to be the Debian package: documents where
# Debian has them, compressed without name and time so that they come out the
# same each time.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${root}/usr/share/doc/vnetprobe)
file(REMOVE ${doc}/LICENSE ${doc}/CHANGELOG.md)
file(COPY ${CPACK_VP_SOURCE}/deploy/package/copyright DESTINATION ${doc})

function(compressed from to)
  execute_process(COMMAND gzip -9nc ${from} OUTPUT_FILE ${to}
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "gzip of ${from} failed")
  endif()
  file(CHMOD ${to} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

compressed(${CPACK_VP_SOURCE}/CHANGELOG.md ${doc}/changelog.gz)
compressed(${CPACK_VP_MADE}/changelog.Debian ${doc}/changelog.Debian.gz)
set(page ${root}/usr/share/man/man1/vnetprobe.1)
compressed(${page} ${page}.gz)
file(REMOVE ${page})
